"""The robust profile as a whole: what it recovers, what it says, and that it can be repeated."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.calibrate import calibrate
from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.frame import ClassTable, Frame
from worker.calibration.outcome import Outcome
from worker.calibration.progress import Progress, silent
from worker.calibration.result import CalibrationResult
from worker.calibration.robust.settings import RobustSettings
from worker.calibration.robust.verdict import Level
from worker.calibration.transforms import RigidTransform, rotation_angle_rad, rotation_from_axis_angle

QUICK = CalibrationConfig(prior=Prior(6, 0.1), robust=RobustSettings(num_candidates=800, num_basins=6, num_finalists=2))
TURN, SHIFT = (3.5, -3.5, 3.5), (0.05, -0.05, 0.05)


def run(rig, frames: tuple[Frame, ...], initial: RigidTransform, config=QUICK, on_progress=silent) -> CalibrationResult:
    return calibrate(frames, rig.camera, initial, config, on_progress)


def pose_of(result: CalibrationResult) -> RigidTransform:
    return RigidTransform.from_matrix(result.T_cam_lidar)


def error_deg(result: CalibrationResult, truth: RigidTransform) -> float:
    return math.degrees(float(rotation_angle_rad(pose_of(result).rotation @ truth.rotation.mT)))


def assert_rejected(result: CalibrationResult, initial: RigidTransform, outcome: Outcome) -> None:
    """The named outcome, its sentence as the reason, and the initial extrinsic to its last bit."""
    assert result.outcome is outcome
    assert result.verdict is not None
    assert result.verdict.level is Level.REJECTED
    assert result.verdict.reasons == (outcome.sentence,)
    assert "initial" in outcome.sentence
    assert np.array_equal(result.T_cam_lidar, initial.matrix().numpy())
    assert result.loss_after == result.loss_before


@pytest.fixture(scope="module")
def from_one(rig) -> CalibrationResult:
    return run(rig, rig.frames[:1], rig.disturbed(TURN, SHIFT))


class TestRecovery:
    """A known wrong start on a rendered street is undone."""

    def test_from_one_frame(self, rig, from_one):
        """Six degrees off, the rotation is found to less than a third of one."""
        assert math.degrees(float(rotation_angle_rad(rig.disturbed(TURN).rotation @ rig.T_cam_lidar.rotation.mT))) > 5.9
        assert from_one.outcome is Outcome.CONVERGED
        assert error_deg(from_one, rig.T_cam_lidar) < 0.3
        assert from_one.verdict.level is not Level.REJECTED

    def test_from_two_frames(self, rig):
        """Together, from the other side, they do so too, with a vote each."""
        result = run(rig, rig.frames[:2], rig.disturbed((-3.5, 3.5, -3.5), SHIFT))
        assert error_deg(result, rig.T_cam_lidar) < 0.3
        assert (pose_of(result).center() - rig.T_cam_lidar.center()).norm() < 0.08
        assert result.verdict.level is not Level.REJECTED
        assert result.record.frame_weights == (1.0, 1.0)

    def test_from_labels_alone(self, rig):
        """Without a picture and an intensity the classes still lead home."""
        bare = replace(rig.frames[0], image=None, intensity=None)
        result = run(rig, (bare,), rig.disturbed(TURN, SHIFT))
        assert error_deg(result, rig.T_cam_lidar) < 0.6

    def test_the_result_is_a_rigid_transform(self, from_one):
        """Orthonormal to double precision although the search runs in single precision."""
        rotation = from_one.T_cam_lidar[:3, :3]
        np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-14)

    def test_a_held_translation_is_held(self, rig):
        """The centre of the initial extrinsic is returned, and the rotation found."""
        initial = rig.disturbed(TURN)
        result = run(rig, rig.frames[:1], initial, replace(QUICK, hold_translation=True))
        torch.testing.assert_close(pose_of(result).center(), initial.center(), rtol=0, atol=1e-4)
        assert error_deg(result, rig.T_cam_lidar) < 0.3


class TestOutcomes:
    """All ways to end but one return the initial extrinsic, rejected."""

    def test_what_was_found_has_reasons_and_numbers(self, from_one):
        """A verdict in words, the numbers behind it, and the way up on record."""
        assert from_one.verdict.level in {Level.HIGH, Level.LOW}
        assert all(reason.endswith(".") for reason in from_one.verdict.reasons)
        assert from_one.confidence.score > 0
        assert len(from_one.record.history) > 1
        assert from_one.record.contradicting_frames == ()

    def test_no_point_in_view(self, rig):
        """A camera that looks straight up sees none."""
        initial = rig.disturbed((100.0, 0.0, 0.0))
        assert_rejected(run(rig, rig.frames[:1], initial), initial, Outcome.NO_POINT_IN_VIEW)

    @pytest.mark.parametrize("field", ["image_labels", "point_labels"])
    def test_no_common_class(self, rig, field):
        """Where one modality shows a single class nothing tells one pose from another."""
        frame = rig.frames[0]
        one = replace(frame, **{field: np.full_like(getattr(frame, field), 0 if field == "image_labels" else 40)})
        initial = rig.disturbed(TURN)
        assert_rejected(run(rig, (one,), initial), initial, Outcome.NO_COMMON_CLASS)

    def test_too_few_points(self, rig):
        """Forty points of known classes are too few."""
        frame = rig.frames[0]
        known = np.zeros_like(frame.point_labels)
        for label in (40, 50):
            ahead = np.flatnonzero((frame.point_labels == label) & (frame.points[:, 0] > 5))[::20][:20]
            known[ahead] = label
        table = ClassTable({40: "road", 50: "building"}, {40: "road", 50: "building"})
        points = frame.points[known > 0]
        few = replace(
            frame, points=points, point_labels=known[known > 0], point_classes=table, intensity=None, image=None
        )
        assert len(points) == 40
        initial = rig.disturbed((0.5, 0.5, 0.5))
        assert_rejected(run(rig, (few,), initial), initial, Outcome.TOO_FEW_POINTS)

    def test_non_finite(self, rig):
        """Scores that are no numbers are said to be none."""
        broken = replace(rig.frames[0], image_scores=np.full((20, 47, 155), np.nan, np.float32))
        initial = rig.disturbed(TURN)
        assert_rejected(run(rig, (broken,), initial), initial, Outcome.NON_FINITE)

    def test_nothing_better(self, rig):
        """Where points of known classes lie just below the image, whatever the pose, the initial extrinsic stays."""
        frame = rig.frames[0]
        below = np.arcsin(frame.points[:, 2] / np.linalg.norm(frame.points, axis=1)) < np.radians(-20)
        labels = np.where(below, np.where(frame.points[:, 1] > 0, 1, 2), 0)
        table = ClassTable({1: "road", 2: "building"}, {1: "road", 2: "building"})
        unseen = replace(frame, point_labels=labels, point_classes=table, image=None, intensity=None)
        initial = rig.T_cam_lidar
        assert_rejected(
            run(rig, (unseen,), initial, replace(QUICK, prior=Prior(1, 0.02), dtype=torch.float64)),
            initial,
            Outcome.NOTHING_BETTER,
        )

    def test_an_uninformative_frame_does_no_harm(self, rig, from_one):
        """One without classes among others is left out."""
        blank = replace(rig.frames[1], point_labels=np.full_like(rig.frames[1].point_labels, 40), name="blank")
        result = run(rig, (blank, rig.frames[0]), rig.disturbed(TURN, SHIFT))
        assert result.record.frame_weights == (1.0,)
        assert np.array_equal(result.T_cam_lidar, from_one.T_cam_lidar)


class TestRemarks:
    """What a user would stumble over is explained."""

    def test_a_loss_that_rose_for_more_points_is_explained(self, rig):
        """A start that looks up at the sky has few points and little loss."""
        result = run(rig, rig.frames[:1], rig.disturbed((-16, 0, 0)), replace(QUICK, prior=Prior(17, 0.05)))
        assert error_deg(result, rig.T_cam_lidar) < 0.3
        assert result.loss_after.total_px2 > result.loss_before.total_px2
        assert any("times as many object points are in view" in reason for reason in result.verdict.reasons)

    def test_a_loss_that_rose_on_the_same_points_is_explained(self, rig):
        """Beside the optimum of Eq. 1 the result says why it is preferred."""
        result = run(rig, rig.frames[1:2], rig.T_cam_lidar)
        assert result.loss_after.total_px2 > result.loss_before.total_px2
        assert any("Eq. 1 is higher than at the initial extrinsic" in reason for reason in result.verdict.reasons)

    def test_a_loss_that_fell_needs_no_explanation(self, from_one):
        """Nothing is said about Eq. 1."""
        assert from_one.loss_after.total_px2 < from_one.loss_before.total_px2
        assert not any("Eq. 1" in reason for reason in from_one.verdict.reasons)

    def test_a_frame_that_contradicts_is_named_and_counted_less(self, rig):
        """A cloud turned by four degrees against its image is found among three frames, and left as it was."""
        turn = rotation_from_axis_angle(torch.tensor([0.0, 0.0, math.radians(4)], dtype=torch.float64)).numpy()
        odd = replace(rig.frames[2], points=(rig.frames[2].points @ turn.T).astype(np.float32), name="odd one")
        frames = (rig.frames[0], odd, rig.frames[1])
        before = [(frame.points.copy(), frame.image_labels.copy()) for frame in frames]
        result = run(rig, frames, rig.disturbed((1.0, -1.0, 1.0)), replace(QUICK, prior=Prior(3, 0.05)))
        assert result.record.contradicting_frames == ("odd one",)
        assert result.record.frame_weights == pytest.approx((1.0, 0.1, 1.0))
        assert any("odd one" in reason for reason in result.verdict.reasons)
        assert error_deg(result, rig.T_cam_lidar) < 0.4
        for frame, (points, labels) in zip(frames, before, strict=True):
            np.testing.assert_array_equal(frame.points, points)
            np.testing.assert_array_equal(frame.image_labels, labels)


class TestRepeatability:
    """The seed decides everything random."""

    def test_the_same_seed_gives_the_same_bits(self, rig, from_one):
        """Extrinsic, record and numbers are equal."""
        again = run(rig, rig.frames[:1], rig.disturbed(TURN, SHIFT))
        assert np.array_equal(again.T_cam_lidar, from_one.T_cam_lidar)
        assert again.record == from_one.record
        assert again.verdict == from_one.verdict
        assert again.confidence.sigma == from_one.confidence.sigma

    def test_another_seed_finds_the_same_place(self, rig, from_one):
        """Luck has no part in it."""
        other = run(rig, rig.frames[:1], rig.disturbed(TURN, SHIFT), replace(QUICK, seed=7))
        assert error_deg(other, pose_of(from_one)) < 0.15


class TestProgress:
    """A caller sees it run and may stop it."""

    def test_stages_come_in_order_and_end_complete(self, rig):
        """Initialization, then refinement, each up to its whole."""
        reports: list[Progress] = []
        run(rig, rig.frames[:1], rig.disturbed((1, 1, 1)), on_progress=reports.append)
        stages = [report.stage for report in reports]
        assert stages == sorted(stages)
        for stage in ("initialization", "refinement"):
            fractions = [report.fraction for report in reports if report.stage == stage]
            assert fractions == sorted(fractions)
            assert fractions[-1] == 1

    def test_the_refinement_tells_the_loss_of_the_best_pose(self, rig):
        """Eq. 1 is what users follow, and near the end it is about that of the result."""
        reports: list[Progress] = []
        result = run(rig, rig.frames[:1], rig.disturbed((1, 1, 1)), on_progress=reports.append)
        losses = [report.loss for report in reports if report.stage == "refinement"]
        assert all(loss is not None for loss in losses)
        assert losses[-1] == pytest.approx(result.loss_after.total_px2, rel=0.5)

    @pytest.mark.parametrize("stage", ["initialization", "refinement"])
    def test_a_callback_that_raises_ends_it(self, rig, stage):
        """The caller's exception comes out as it is."""

        def stop(progress: Progress) -> None:
            if progress.stage == stage:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            run(rig, rig.frames[:1], rig.disturbed((1, 1, 1)), on_progress=stop)
