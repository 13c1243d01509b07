"""The jobs of each owner: how many are unfinished, and which there are, newest first.

Two sorted sets an owner, both by time in microseconds on the broker's clock: all jobs, and those that may be
unfinished. Neither is told when a job ends or expires: what is over is found, and dropped, when it is in the way.
"""

from dataclasses import dataclass
from typing import Final, cast

import redis

# A job is admitted a moment before its record is written: so long it counts without one.
_RECORD_COMES_WITHIN_S: Final = 60

# KEYS: all jobs, unfinished jobs. ARGV: id, most unfinished jobs (0: any number), prefix of records, seconds as above.
_ADMIT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local recent = now - ARGV[4] * 1000000
local function record(id) return ARGV[3] .. id end
for _, oldest in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', recent, 'BYSCORE', 'LIMIT', 0, 2)) do
  if redis.call('EXISTS', record(oldest)) == 0 then redis.call('ZREM', KEYS[1], oldest) end
end
local most = tonumber(ARGV[2])
if most > 0 then
  if redis.call('ZCARD', KEYS[2]) >= most then
    local open = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
    for i = 1, #open, 2 do
      local state = redis.call('HGET', record(open[i]), 'state')
      local may_come = not state and tonumber(open[i + 1]) > recent
      if not may_come and state ~= 'queued' and state ~= 'running' then redis.call('ZREM', KEYS[2], open[i]) end
    end
    if redis.call('ZCARD', KEYS[2]) >= most then return 0 end
  end
  redis.call('ZADD', KEYS[2], now, ARGV[1])
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
return 1
"""


@dataclass(frozen=True)
class Page:
    """Some of an owner's jobs, newest first.

    Attributes:
        ids: The jobs.
        next: What to ask for the page after this one; None at the end.
    """

    ids: tuple[str, ...]
    next: int | None


class OwnedJobs:
    """The jobs of each owner, in one broker.

    Every method raises `redis.exceptions.RedisError` when the broker does not answer.
    """

    def __init__(self, client: "redis.Redis", prefix: str = "semalign") -> None:
        self._client = client
        self._prefix = prefix

    def admit(self, owner: str, job_id: str, most_open: int | None) -> bool:
        """Count a job that is about to be created, unless its owner has `most_open` unfinished ones."""
        keys = [self._all(owner), self._open(owner)]
        arguments: list[str | int] = [job_id, most_open or 0, f"{self._prefix}:job:", _RECORD_COMES_WITHIN_S]
        return bool(self._client.register_script(_ADMIT)(keys=keys, args=arguments))

    def forget(self, owner: str, job_id: str) -> None:
        """Drop a job that was deleted, or was not created after all."""
        with self._client.pipeline(transaction=False) as commands:
            commands.zrem(self._all(owner), job_id)
            commands.zrem(self._open(owner), job_id)
            commands.execute()

    def page(self, owner: str, size: int, after: int | None = None) -> Page:
        """Return up to `size` jobs, from the newest on, or from where the page before ended."""
        newest = "+inf" if after is None else f"({after}"
        found = self._client.zrange(
            self._all(owner), newest, "-inf", desc=True, byscore=True, withscores=True, offset=0, num=size + 1
        )
        entries = cast(list[tuple[str, float]], found)
        shown = entries[:size]
        return Page(tuple(job_id for job_id, _ in shown), int(shown[-1][1]) if len(entries) > size else None)

    def _all(self, owner: str) -> str:
        return f"{self._prefix}:owner:{owner}:jobs"

    def _open(self, owner: str) -> str:
        return f"{self._prefix}:owner:{owner}:open"
