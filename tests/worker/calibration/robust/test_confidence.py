"""Confidence: numbers that follow what the frames can tell."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.frame import ClassTable, Frame
from worker.calibration.progress import silent
from worker.calibration.robust.confidence import AXES, assess
from worker.calibration.robust.cues import FrameCues
from worker.calibration.robust.estimate import Estimate, estimate
from worker.calibration.robust.refinement import Ascent
from worker.calibration.robust.settings import RobustSettings
from worker.calibration.robust.term import Linearization
from worker.calibration.robust.verdict import Level, is_usable, judge
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone

CONFIG = CalibrationConfig(
    prior=Prior(3, 0.1), robust=RobustSettings(num_candidates=300, num_basins=4, num_finalists=3)
)


def found(
    frames: tuple[Frame, ...], camera: Camera, initial: RigidTransform, config: CalibrationConfig = CONFIG
) -> Estimate:
    start = initial.to(torch.float32)
    cone = ViewCone.around(start, camera, config.prior)
    cues = [FrameCues.from_frame(frame, camera, cone, torch.float32, "cpu") for frame in frames]
    return estimate(cues, [1.0] * len(cues), start, config, silent)


@pytest.fixture(scope="module")
def from_one(rig) -> Estimate:
    return found(rig.frames[:1], rig.camera, rig.disturbed((1.0, -1.0, 1.0)))


def kerb() -> Frame:
    """A wall ten metres ahead behind level ground: a single straight border, level in the image."""
    azimuth, elevation = np.radians(np.meshgrid(np.arange(-50, 50, 0.5), np.arange(-25, 25, 0.5)))
    rays = np.stack([np.tan(azimuth), np.tan(elevation) / np.cos(azimuth), np.ones_like(azimuth)], -1).reshape(-1, 3)
    ground = rays[:, 1] > 0.1
    points = rays * np.where(ground, 1 / np.where(ground, rays[:, 1], 1), 10)[:, None]
    labels = np.full((81, 121), 2, np.uint8)
    labels[51:] = 1
    table = ClassTable({1: "road", 2: "building"}, {1: "road", 2: "building"})
    return Frame(labels, table, points.astype(np.float32), np.where(ground, 1, 2).astype(np.uint8), table, name="kerb")


@pytest.fixture(scope="module")
def from_kerb(box_and_wall, still) -> Estimate:
    return found((kerb(),), box_and_wall.camera, still)


def test_every_direction_has_a_deviation(from_one):
    """Degrees for turns, metres for shifts, and a covariance that is one."""
    confidence = assess(from_one)
    assert is_usable(confidence)
    assert set(confidence.sigma) == set(confidence.observed) == set(AXES)
    assert torch.linalg.eigvalsh(confidence.covariance).min() > 0
    assert confidence.sigma["yaw"] == pytest.approx(float(confidence.covariance[1, 1].sqrt().rad2deg()))
    assert confidence.sigma["forward"] == pytest.approx(float(confidence.covariance[5, 5].sqrt()))


def test_a_street_observes_every_turn(from_one):
    """Its houses and cars hold the rotation, a turn by a degree costs, and the word is `high`."""
    confidence = assess(from_one)
    assert all(confidence.observed[axis] for axis in ("pitch", "yaw", "roll"))
    assert all(confidence.sigma[axis] < 0.3 for axis in ("pitch", "yaw", "roll"))
    assert confidence.least_drop > 0.05
    assert confidence.cue_disagreement_deg < 1
    assert judge(confidence).level is Level.HIGH


def test_the_deviation_shrinks_with_frames(rig, from_one):
    """Three places tell more than one, about every direction."""
    one, three = assess(from_one), assess(found(rig.frames, rig.camera, rig.disturbed((1.0, -1.0, 1.0))))
    assert all(three.sigma[axis] < one.sigma[axis] for axis in AXES)


def test_a_frame_counted_less_tells_less(from_one):
    """The weight of a frame is its share of the evidence."""
    weak = replace(from_one, objective=from_one.objective.with_frame_weights([0.1]))
    assert assess(weak).sigma["pitch"] > assess(from_one).sigma["pitch"]


def test_the_actual_error_is_within_three_deviations(rig, from_one):
    """What is stated holds, about each axis of the camera."""
    confidence = assess(from_one)
    way = replace(from_one.objective.prior, initial=rig.T_cam_lidar).deviation(
        from_one.best.T_cam_lidar.to(torch.float64)
    )
    errors = [*np.abs(np.degrees(way[:3])), *np.abs(way[3:])]
    for axis, error in zip(AXES, errors, strict=True):
        assert error < 3 * confidence.sigma[axis]


def test_a_direction_that_nothing_tells_is_named(from_kerb):
    """Along a single level border the camera may shift to the right, and turn, while its pitch is held."""
    confidence = assess(from_kerb)
    assert not confidence.observed["right"]
    assert not confidence.observed["yaw"]
    assert confidence.observed["pitch"]
    assert confidence.sigma["yaw"] > 3 * confidence.sigma["pitch"]
    prior_deg, prior_m = CONFIG.prior.rotation_deg / np.sqrt(3), CONFIG.prior.translation_m / np.sqrt(3)
    assert confidence.sigma["yaw"] == pytest.approx(prior_deg, rel=0.5)
    assert confidence.sigma["right"] == pytest.approx(prior_m, rel=0.5)


def test_a_scene_without_structure_is_low(from_kerb):
    """A turn about the vertical costs nothing, and the verdict says so."""
    verdict = judge(assess(from_kerb))
    assert verdict.level is Level.LOW
    assert any("too little structure" in reason for reason in verdict.reasons)


def test_a_held_translation_is_not_observed(rig):
    """The caller, not the frame, knows the centre."""
    held = replace(CONFIG, hold_translation=True, prior=replace(CONFIG.prior, translation_m=0.0))
    confidence = assess(found(rig.frames[:1], rig.camera, rig.disturbed((1.0, -1.0, 1.0)), held))
    assert [axis for axis in AXES if not confidence.observed[axis]] == ["right", "down", "forward"]


def test_with_one_cue_there_is_nothing_to_disagree(rig, from_one):
    """Neither cues left out nor a frame without an image make a disagreement."""
    objective = from_one.objective
    for weights in ({"semantic": 1.0}, {"intensity": 1.0, "edges": 1.0}):
        alone = replace(from_one, objective=objective.with_weights(weights))
        assert assess(alone).cue_disagreement_deg == 0
    assert assess(from_one).cue_disagreement_deg > 0


def test_the_rival_is_the_best_finalist_more_than_a_degree_away(rig, from_one):
    """Its distance and how far it falls behind are told; what lies nearer is the same answer, and hides no rival."""
    best = from_one.best

    def behind(nats: float, yaw_deg: float) -> Ascent:
        pose = rig.disturbed((0.0, yaw_deg, 0.0)).to(torch.float32)
        return Ascent(pose, Linearization.of(torch.tensor(best.at.value - nats), torch.zeros(6), torch.eye(6)), ())

    near, rival, worse = behind(10.0, 0.6), behind(40.0, 5.0), behind(60.0, 3.0)
    confidence = assess(replace(from_one, finalists=(best, near, rival, worse)))
    assert confidence.rival_margin == pytest.approx(40 / from_one.objective.observations, rel=1e-3)
    assert confidence.rival_distance_deg == pytest.approx(5, abs=0.5)
    for finalists in ((best,), (best, near)):
        alone = assess(replace(from_one, finalists=finalists))
        assert alone.rival_margin == np.inf
        assert alone.rival_distance_deg == 0
