"""Following an extrinsic from frame to frame, on rendered streets."""

from dataclasses import replace

import numpy as np

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
