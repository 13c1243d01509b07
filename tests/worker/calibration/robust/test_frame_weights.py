"""Votes of frames: one for each place, and hardly any for those at odds with the rest."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.frame import Frame
from worker.calibration.progress import silent
from worker.calibration.robust.cues import FrameCues
from worker.calibration.robust.estimate import Estimate, estimate
from worker.calibration.robust.frame_weights import contradicting, outvoted, shared_votes
from worker.calibration.robust.settings import RobustSettings
from worker.calibration.transforms import rotation_from_axis_angle
from worker.calibration.view_cone import ViewCone

CONFIG = CalibrationConfig(
    prior=Prior(2, 0.05), robust=RobustSettings(num_candidates=300, num_basins=3, num_finalists=2)
)


@pytest.fixture(scope="module")
def places(rig):
    return list(rig.frames)


def test_a_place_seen_twice_has_one_vote(places):
    """A standing car does not outvote a moving one; small differences do not make another place."""
    labels = places[0].image_labels.copy()
    labels[:, :20] = 255
    again = replace(places[0], image_labels=labels, name="again")
    assert shared_votes([places[0], again, places[1]]) == [0.5, 0.5, 1.0]
    assert shared_votes([places[0]] * 4) == [0.25] * 4


def test_different_places_have_a_vote_each(places):
    """Streets resemble each other and yet are not the same."""
    assert shared_votes(places) == [1.0, 1.0, 1.0]


def test_images_of_other_sizes_can_be_compared(places):
    """The same picture at half the size is the same place."""
    half = replace(places[0], image_labels=places[0].image_labels[::2, ::2])
    assert shared_votes([places[0], half])[0] == 0.5


def test_votes_read_labels_and_leave_them(places):
    """Nothing about a frame is changed by counting."""
    before = [frame.image_labels.copy() for frame in places]
    shared_votes(places)
    for frame, labels in zip(places, before, strict=True):
        np.testing.assert_array_equal(frame.image_labels, labels)


def test_only_contradicting_frames_lose_their_votes():
    """To a tenth, and the weights that came in stay as they are."""
    weights = [1.0, 0.5, 0.5]
    assert outvoted(weights, [1]) == pytest.approx([1.0, 0.05, 0.5])
    assert weights == [1.0, 0.5, 0.5]
    assert outvoted(weights, []) == weights


def turned(frame: Frame, yaw_deg: float) -> Frame:
    """The frame with its cloud turned against its image."""
    turn = rotation_from_axis_angle(torch.tensor([0.0, 0.0, np.radians(yaw_deg)], dtype=torch.float64)).numpy()
    return replace(frame, points=(frame.points @ turn.T).astype(np.float32))


def found(rig, frames: list[Frame]) -> Estimate:
    """What frames that count the same agree on."""
    start = rig.disturbed((0.5, -0.5, 0.5)).to(torch.float32)
    cone = ViewCone.around(start, rig.camera, CONFIG.prior)
    cues = [FrameCues.from_frame(frame, rig.camera, cone, torch.float32, "cpu") for frame in frames]
    return estimate(cues, [1.0] * len(cues), start, CONFIG, silent)


def test_frames_that_agree_do_not_contradict(rig, places):
    """Three places of one rig are content with its extrinsic."""
    assert contradicting(found(rig, places), CONFIG) == []


@pytest.mark.parametrize("yaw_deg", [-3.0, 5.0])
def test_a_frame_of_another_extrinsic_contradicts(rig, places, yaw_deg):
    """One whose cloud is turned against its image is found, be it too far for it to climb there from the others."""
    assert contradicting(found(rig, [places[0], turned(places[2], yaw_deg), places[1]]), CONFIG) == [1]


def test_two_frames_cannot_say_who_is_wrong(rig, places):
    """With one against one there is no rest."""
    assert contradicting(found(rig, [places[0], turned(places[1], 4.0)]), CONFIG) == []
