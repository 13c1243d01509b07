"""Following an extrinsic from frame to frame, on rendered streets."""

from dataclasses import replace

import numpy as np
import torch

from worker.bench.accuracy import pose_error
from worker.calibration.robust.tracking import track


def test_a_small_turn_is_followed(rig) -> None:
    """From 0.7 degrees off, each frame alone comes back to a few tenths of a degree."""
    for frame in rig.frames:
        tracked = track([frame], rig.camera, rig.disturbed((0.3, -0.5, 0.3)))
        assert tracked is not None
        error_deg, _ = pose_error(tracked.T_cam_lidar.matrix().double().numpy(), rig.T_cam_lidar.matrix().numpy())
        assert error_deg < 0.4


def test_the_departure_leads_from_the_last_extrinsic(rig) -> None:
    """Its turn undoes the one that was put in, within what it states."""
    tracked = track(rig.frames[:1], rig.camera, rig.disturbed((0, 0.6, 0)))
    assert tracked is not None
    departure = tracked.departure
    assert abs(departure.along["yaw"] + 0.6) < 3 * np.degrees(np.sqrt(departure.covariance[1, 1]))


def test_a_frame_without_classes_says_nothing(rig) -> None:
    """Rather than keep the last extrinsic as if it had been seen."""
    frame = rig.frames[0]
    bare = replace(frame, point_labels=np.full_like(frame.point_labels, frame.point_labels[0]), point_scores=None)
    assert track([bare], rig.camera, rig.T_cam_lidar) is None


def test_a_turn_beyond_its_reach_is_lost(rig) -> None:
    """The climb stops halfway up, and says so rather than call that the extrinsic."""
    near, far = (track(rig.frames[:1], rig.camera, rig.disturbed((0, -turn, 0))) for turn in (0.3, 4.0))
    assert (near.is_lost, far.is_lost) == (False, True)


def test_frames_of_one_place_share_a_vote(rig) -> None:
    """The same frame twice makes nobody surer than once."""
    once, twice = (track(rig.frames[:1] * count, rig.camera, rig.T_cam_lidar) for count in (1, 2))
    np.testing.assert_allclose(twice.departure.covariance, once.departure.covariance, rtol=1e-6)


def test_too_few_object_points_say_nothing(rig) -> None:
    """They are counted before the frame is thinned: every third of a small cloud is not asked for fifty."""
    frame = rig.frames[0]
    visible = rig.camera.project(rig.T_cam_lidar.apply(torch.as_tensor(frame.points.T, dtype=torch.float64)))[2].numpy()
    for count, said in ((40, False), (4000, True)):
        chosen = np.flatnonzero(visible)[:: max(1, int(visible.sum()) // count)][:count]
        few = replace(
            frame,
            points=frame.points[chosen],
            point_labels=frame.point_labels[chosen],
            intensity=frame.intensity[chosen],
        )
        assert (track([few], rig.camera, rig.T_cam_lidar) is not None) is said


def test_a_sparse_sweep_is_less_sure(rig) -> None:
    """Both are thinned to as many points; it counts how many there were."""
    frame = rig.frames[0]
    sparse = replace(
        frame,
        points=frame.points[::4],
        point_labels=frame.point_labels[::4],
        intensity=frame.intensity[::4],
    )
    full, fourth = (track([each], rig.camera, rig.T_cam_lidar).departure for each in (frame, sparse))
    assert np.linalg.det(fourth.covariance) > np.linalg.det(full.covariance)
