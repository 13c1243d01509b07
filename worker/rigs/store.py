"""The rigs of each owner in the broker's Redis: state, history and events, each change whole or not at all."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import redis

from worker.rigs.rig import Event, Matrix4, Rig, Sighting

# A fleet has ten thousand: one by one they take seconds to read, all at once they hold the broker up.
_RIGS_AT_ONCE: Final = 1000


@dataclass(frozen=True)
class RigKeys:
    """Where the parts of one rig are kept."""

    state: str
    history: str
    events: str


class RigStore:
    """The rigs of one broker.

    Every method raises `redis.exceptions.RedisError` when the broker does not answer.
    """

    def __init__(self, client: redis.Redis, *, keep_s: float, most_entries: int, prefix: str = "semalign") -> None:
        """Take the connection.

        Args:
            client: connection to the broker.
            keep_s: seconds after its latest change at which a rig is forgotten.
            most_entries: entries of the history that are kept, and events.
            prefix: of all keys.
        """
        self._client = client
        self._keep_s = round(keep_s)
        self._most = most_entries
        self._prefix = prefix

    def open(self, owner: str, rig_id: str, reference: Matrix4) -> Rig:
        """Return a rig that is to be watched with this reference; one that had another is known anew."""
        at = time.time()

        def change(rig: Rig | None) -> tuple[Rig | None, Event | None, None]:
            if rig is None:
                return Rig.new(reference, at), None, None
            return *rig.with_reference(reference, at), None

        changed = self._change(owner, rig_id, change)
        return changed or Rig.new(reference, at)

    def see(self, owner: str, rig_id: str, sighting: Sighting) -> Rig | None:
        """Take in a sighting, once however often it is told; None if the rig was deleted meanwhile."""

        def change(rig: Rig | None) -> tuple[Rig | None, Event | None, dict[str, Any] | None]:
            if rig is None or self._was_seen(owner, rig_id, sighting.job_id):
                return rig, None, None
            after, event = rig.after(sighting)
            return after, event, _entry(sighting, after)

        return self._change(owner, rig_id, change)

    def get(self, owner: str, rig_id: str) -> Rig | None:
        """Return a rig, or None if its owner has none of this id."""
        stored = cast("str | None", self._client.get(self._keys(owner, rig_id).state))
        return Rig.from_json(json.loads(stored)) if stored else None

    def all(self, owner: str) -> dict[str, Rig]:
        """Return an owner's rigs by their ids, the one that changed last first; expired ones are dropped."""
        known = cast("list[str]", self._client.zrange(self._rigs(owner), 0, -1, desc=True))
        stored: list[str | None] = []
        for start in range(0, len(known), _RIGS_AT_ONCE):
            keys = [self._keys(owner, rig_id).state for rig_id in known[start : start + _RIGS_AT_ONCE]]
            stored += cast("list[str | None]", self._client.mget(keys))
        gone = [rig_id for rig_id, state in zip(known, stored, strict=True) if state is None]
        if gone:
            self._client.zrem(self._rigs(owner), *gone)
        return {rig_id: Rig.from_json(json.loads(state)) for rig_id, state in zip(known, stored, strict=True) if state}

    def history(self, owner: str, rig_id: str, count: int) -> list[dict[str, Any]]:
        """Return the latest entries, the newest first."""
        return self._entries(self._keys(owner, rig_id).history, count)

    def events(self, owner: str, rig_id: str, count: int) -> list[dict[str, Any]]:
        """Return the latest events, the newest first."""
        return self._entries(self._keys(owner, rig_id).events, count)

    def delete(self, owner: str, rig_id: str) -> bool:
        """Forget a rig; tell whether there was one."""
        keys = self._keys(owner, rig_id)
        with self._client.pipeline(transaction=True) as commands:
            commands.delete(keys.state, keys.history, keys.events)
            commands.zrem(self._rigs(owner), rig_id)
            return bool(commands.execute()[0])

    def _change(self, owner: str, rig_id: str, change: Any) -> Rig | None:
        """Read, change and write a rig; again from the start where another process changed it in between."""
        keys = self._keys(owner, rig_id)

        def attempt(commands: Any) -> Rig | None:
            stored = commands.get(keys.state)
            rig, event, entry = change(Rig.from_json(json.loads(stored)) if stored else None)
            commands.multi()
            if rig is None:
                return None
            commands.set(keys.state, json.dumps(rig.to_json()))
            if entry is not None:
                commands.lpush(keys.history, json.dumps(entry))
                commands.ltrim(keys.history, 0, self._most - 1)
            if event is not None:
                commands.lpush(keys.events, json.dumps(asdict(event)))
                commands.ltrim(keys.events, 0, self._most - 1)
            for key in (keys.state, keys.history, keys.events):
                commands.expire(key, self._keep_s)
            commands.zadd(self._rigs(owner), {rig_id: time.time()})
            commands.expire(self._rigs(owner), self._keep_s)
            return cast("Rig", rig)

        changed = self._client.transaction(cast("Any", attempt), keys.state, value_from_callable=True)
        return cast("Rig | None", changed)

    def _was_seen(self, owner: str, rig_id: str, job_id: str) -> bool:
        return any(entry["job_id"] == job_id for entry in self.history(owner, rig_id, self._most))

    def _entries(self, key: str, count: int) -> list[dict[str, Any]]:
        return [json.loads(entry) for entry in cast("list[str]", self._client.lrange(key, 0, count - 1))]

    def _keys(self, owner: str, rig_id: str) -> RigKeys:
        base = f"{self._prefix}:rig:{owner}:{rig_id}"
        return RigKeys(base, f"{base}:history", f"{base}:events")

    def _rigs(self, owner: str) -> str:
        return f"{self._prefix}:owner:{owner}:rigs"


def _entry(sighting: Sighting, rig: Rig) -> dict[str, Any]:
    """Write what the history keeps of a sighting: its own word, and the estimate after it, for a plot."""
    estimate = rig.estimate
    return {
        "job_id": sighting.job_id,
        "at": sighting.at,
        "verdict": sighting.verdict,
        "status": rig.status.value,
        "departure": estimate.along,
        "sigma": estimate.sigma,
        "rotation_deg": estimate.rotation_deg,
    }
