"""Settings are chosen on some frames and judged on others."""

import pytest

from worker.bench.held_out import cross_validated


def result(setting: dict[str, float], errors: dict[str, float]) -> dict:
    return {
        "settings": {"set": setting},
        "jobs": [{"frames": [name], "rotation_error_deg": error} for name, error in errors.items()],
    }


def test_the_choice_never_sees_the_frames_it_is_judged_on():
    """A setting that is best on the first half only is judged on the second, where it is not."""
    good_first = result({"edge_weight": 1.0}, {"a": 0.1, "b": 0.9, "c": 0.1, "d": 0.9})
    good_second = result({}, {"a": 0.8, "b": 0.2, "c": 0.8, "d": 0.2})
    on_first, on_second = cross_validated([good_first, good_second])
    assert (on_first.setting, on_second.setting) == ({"edge_weight": 1.0}, {})
    assert [job["rotation_error_deg"] for job in (*on_first.jobs, *on_second.jobs)] == [0.9, 0.9, 0.8, 0.8]


def test_one_wild_failure_weighs_no_more_than_another():
    """Beyond three degrees an error is a failure, whatever its size."""
    wild = result({}, {"a": 40.0, "b": 0.1, "c": 0.1})
    dull = result({"edge_weight": 1.0}, {"a": 3.0, "b": 0.5, "c": 0.5})
    assert cross_validated([wild, dull])[0].setting == {}


def test_seeds_are_put_together():
    """Several runs of one setting count as one."""
    halves = cross_validated([result({}, {"a": 0.1, "b": 0.2}), result({}, {"a": 0.3, "b": 0.4})])
    assert sum(len(half.jobs) for half in halves) == 4


def test_what_cannot_be_compared_is_refused():
    """Different frames, or several in one job, are said to be a mistake."""
    with pytest.raises(ValueError, match="different frames"):
        cross_validated([result({}, {"a": 1, "b": 1}), result({"edge_weight": 1.0}, {"a": 1})])
    joint = {"settings": {}, "jobs": [{"frames": ["a", "b"], "rotation_error_deg": 1.0}]}
    with pytest.raises(ValueError, match="one frame a job"):
        cross_validated([joint])
