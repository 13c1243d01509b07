"""Rigs in a real broker."""

import json
import threading
from typing import Any

import numpy as np
import pytest

from worker.rigs.rig import Rig, RigStatus, Sighting
from worker.rigs.store import RigStore

REFERENCE = np.eye(4).tolist()
OTHER_REFERENCE = [[1.0, 0, 0, 0.1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


@pytest.fixture
def rigs(client: Any) -> RigStore:
    """Return the rigs of an empty broker, which keep fifty entries."""
    return RigStore(client, keep_s=3600, most_entries=50)


def sighting(job_id: str, yaw_deg: float = 0.0, **changes: Any) -> Sighting:
    """Return what a frame says that sees a turn well."""
    fields = {
        "job_id": job_id,
        "at": 1e9,
        "reference": REFERENCE,
        "verdict": "aligned",
        "xi": [0, np.radians(yaw_deg), 0, 0, 0, 0],
        "covariance": np.diag([np.radians(0.2) ** 2] * 3 + [0.03**2] * 3).tolist(),
    }
    return Sighting(**{**fields, **changes})


def seen(rigs: RigStore, yaw_deg: float, count: int, name: str = "job") -> Rig:
    """Return the rig after some frames that see the same turn."""
    for index in range(count):
        rig = rigs.see("ann", "van", sighting(f"{name}-{index}", yaw_deg))
    assert rig is not None
    return rig


def test_a_rig_goes_from_unknown_to_green(rigs: RigStore) -> None:
    """As its frames agree with the reference."""
    assert rigs.open("ann", "van", REFERENCE).status is RigStatus.UNKNOWN
    assert seen(rigs, 0.0, 10).status is RigStatus.GREEN
    assert rigs.events("ann", "van", 10) == []


def test_drift_is_an_event_once_and_its_end_another(rigs: RigStore) -> None:
    """Red and green again, each told with the change that was seen."""
    rigs.open("ann", "van", REFERENCE)
    assert seen(rigs, 1.0, 10, "bent").status is RigStatus.RED
    assert seen(rigs, 0.0, 30, "straight").status is RigStatus.GREEN
    recovered, drift = rigs.events("ann", "van", 10)
    assert (drift["kind"], recovered["kind"]) == ("drift", "recovered")
    assert drift["change"]["yaw"] == pytest.approx(1.0, abs=0.3)
    assert "turned by about" in drift["sentence"]


def test_a_job_counts_once_however_often_it_is_told(rigs: RigStore) -> None:
    """Attempts that die after telling are repeated."""
    rigs.open("ann", "van", REFERENCE)
    rigs.see("ann", "van", sighting("a"))
    again = rigs.see("ann", "van", sighting("a"))
    assert again is not None
    assert again.estimate.frames == 1
    assert len(rigs.history("ann", "van", 10)) == 1


def test_jobs_that_end_at_once_all_count(rigs: RigStore) -> None:
    """Workers write the same rig at the same moment."""
    rigs.open("ann", "van", REFERENCE)
    threads = [threading.Thread(target=rigs.see, args=("ann", "van", sighting(f"job-{i}"))) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rig = rigs.get("ann", "van")
    assert rig is not None
    assert rig.estimate.frames == 8


def test_a_frame_that_says_nothing_is_history_only(rigs: RigStore) -> None:
    """It moves no estimate."""
    rigs.open("ann", "van", REFERENCE)
    rig = rigs.see("ann", "van", sighting("a", verdict="cannot_tell", xi=[], covariance=[]))
    assert rig is not None
    assert rig.estimate.frames == 0
    assert rigs.history("ann", "van", 10)[0]["verdict"] == "cannot_tell"


def test_another_reference_starts_over(rigs: RigStore) -> None:
    """And is an event; what was measured against the old one counts no more."""
    rigs.open("ann", "van", REFERENCE)
    seen(rigs, 1.0, 5)
    assert rigs.open("ann", "van", OTHER_REFERENCE).estimate.frames == 0
    late = rigs.see("ann", "van", sighting("late", 1.0))
    assert late is not None
    assert late.estimate.frames == 0
    assert rigs.events("ann", "van", 1)[0]["kind"] == "new_reference"


def test_the_history_is_bounded(rigs: RigStore) -> None:
    """The newest entries stay, the newest first."""
    rigs.open("ann", "van", REFERENCE)
    seen(rigs, 0.0, 60)
    history = rigs.history("ann", "van", 1000)
    assert len(history) == 50
    assert history[0]["job_id"] == "job-59"


def test_rigs_belong_to_their_owners(rigs: RigStore) -> None:
    """The same name of another owner is another rig."""
    rigs.open("ann", "van", REFERENCE)
    assert rigs.get("bob", "van") is None
    assert (list(rigs.all("ann")), rigs.all("bob")) == (["van"], {})
    assert not rigs.delete("bob", "van")


def test_a_fleet_of_rigs_is_read_in_few_questions(rigs: RigStore, client: Any) -> None:
    """The one that changed last first, each as it stands alone."""
    for index in range(1200):
        client.set(f"semalign:rig:ann:van-{index}", json.dumps(Rig.new(REFERENCE, index).to_json()))
        client.zadd("semalign:owner:ann:rigs", {f"van-{index}": index})
    client.delete("semalign:rig:ann:van-7")
    before = client.info("stats")["total_commands_processed"]
    fleet = rigs.all("ann")
    assert client.info("stats")["total_commands_processed"] - before < 20
    assert list(fleet) == [f"van-{index}" for index in reversed(range(1200)) if index != 7]
    assert fleet["van-3"].created_at == 3
    assert client.zcard("semalign:owner:ann:rigs") == 1199


def test_a_deleted_rig_hears_nothing_more(rigs: RigStore, client: Any) -> None:
    """A job that ends after it does not bring it back, and no key of it stays."""
    rigs.open("ann", "van", REFERENCE)
    seen(rigs, 1.0, 5)
    assert rigs.delete("ann", "van")
    assert rigs.see("ann", "van", sighting("late")) is None
    assert client.keys("*van*") == []
    assert rigs.all("ann") == {}


def test_rigs_are_forgotten_in_time(rigs: RigStore, client: Any) -> None:
    """Every key has an end."""
    rigs.open("ann", "van", REFERENCE)
    seen(rigs, 1.0, 5)
    keys = client.keys("*rig*")
    assert keys
    assert all(0 < client.ttl(key) <= 3600 for key in keys)
    client.delete("semalign:rig:ann:van")
    assert rigs.all("ann") == {}
