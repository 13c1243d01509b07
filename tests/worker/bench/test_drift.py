"""Detection curves, from watches made up for the purpose."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from worker.bench.drift import Drift, Watch
from worker.bench.drift_curves import (
    chosen_threshold,
    halves,
    one_frame_curve,
    several_frames_curve,
)
from worker.bench.drift_plot import draw, markdown

SIGMA = np.array([np.radians(0.2)] * 3 + [0.04] * 3)


def watches(frames: int, sizes: tuple[float, ...], scale: float = 1.0, seed: int = 0) -> list[Watch]:
    """Return watches whose departures err `scale` times as much as they state."""
    rng = np.random.default_rng(seed)
    made = []
    for size in sizes:
        for index in range(frames):
            xi = scale * SIGMA * rng.normal(size=6) + [0, np.radians(size), 0, 0, 0, 0]
            made.append(Watch(f"{index:03}", size, 0, xi.tolist(), np.diag(SIGMA**2).tolist(), "aligned", 2.0))
    return made


def test_a_drift_turns_the_camera_by_its_size() -> None:
    """About its own centre, and about the same axis for every size of a trial."""
    T_cam_lidar = np.eye(4)
    T_cam_lidar[:3, 3] = [1, 2, 3]
    small, large = (Drift.drawn(size, seed=1, trial=2) for size in (0.5, 2.0))
    turned = large.of(T_cam_lidar) @ np.linalg.inv(T_cam_lidar)
    assert np.degrees(Rotation.from_matrix(turned[:3, :3]).magnitude()) == pytest.approx(2.0)
    assert np.linalg.inv(large.of(T_cam_lidar))[:3, 3] == pytest.approx(np.linalg.inv(T_cam_lidar)[:3, 3])
    assert small.axis == large.axis


def test_the_chosen_threshold_keeps_its_promise() -> None:
    """On frames that it was not chosen on, whatever the stated doubts are worth."""
    for scale in (0.5, 2.0):
        threshold = chosen_threshold(watches(200, (0.0,), scale))
        others = watches(5000, (0.0,), scale, seed=1)
        assert np.mean([each.squared_length > threshold for each in others]) == pytest.approx(0.01, abs=0.006)


def test_few_frames_choose_more_carefully() -> None:
    """Five frames know the factor badly; the threshold is higher for it."""
    shown = watches(5, (0.0,))
    assert chosen_threshold(shown) > chosen_threshold(shown * 20)


def test_frames_that_cannot_tell_choose_nothing() -> None:
    """A track that was lost is no small departure."""
    shown = watches(20, (0.0,))
    lost = [Watch(f"lost {index}", 0.0, 0, [], [], "cannot_tell", None) for index in range(20)]
    assert chosen_threshold(shown + lost) == chosen_threshold(shown)


def test_halves_share_no_frame() -> None:
    """And lose none."""
    shown = watches(9, (0.0, 1.0))
    first, second = halves(shown)
    assert {each.frame for each in first}.isdisjoint(each.frame for each in second)
    assert len(first) + len(second) == len(shown)


def test_larger_drifts_are_noticed_more_often_and_by_several_frames_sooner() -> None:
    """The shape of every such curve."""
    shown = watches(40, (0.0, 0.5, 2.0))
    threshold = chosen_threshold(shown)
    one = one_frame_curve("one", [(threshold, shown)]).counts
    ten = several_frames_curve("ten", shown, 10, threshold=threshold, draws=20, seed=0).counts
    assert one[0.0].share < 0.1
    assert one[0.5].share < ten[0.5].share
    assert one[2.0].share == ten[2.0].share == 1
    assert ten[0.5].shown == 20


def test_more_frames_than_there_are_cannot_be_drawn() -> None:
    """With a sentence that says so."""
    with pytest.raises(ValueError, match="10 frames cannot be drawn from 3"):
        several_frames_curve("ten", watches(3, (0.0,)), 10, threshold=1.0, draws=1, seed=0)


def test_curves_become_a_table_and_a_picture(tmp_path) -> None:
    """With how many were shown."""
    curve = one_frame_curve("one frame", [(16.8, watches(10, (0.0, 2.0)))])
    assert "| one frame | 0% of 10 | 100% of 10 |" in markdown([curve])
    draw([curve], tmp_path / "drift.png")
    assert (tmp_path / "drift.png").read_bytes().startswith(b"\x89PNG")
