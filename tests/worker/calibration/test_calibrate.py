"""The calibration as a whole: what it recovers, how it ends, and that it can be repeated."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from worker.calibration.calibrate import calibrate
from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.frame import ClassTable, Frame
from worker.calibration.outcome import Outcome
from worker.calibration.progress import Progress
from worker.calibration.result import CalibrationResult
from worker.calibration.transforms import RigidTransform

CONFIG = CalibrationConfig("paper", Prior(6, 0.1), num_samples=500, num_iterations=250, min_points_in_view=5000)
STARTS = [(4.0, -3.0, 5.0), (-4.0, 3.0, -5.0)]


def thinned(frame: Frame) -> Frame:
    """Every second point of the sweep: enough to calibrate with."""
    return replace(frame, points=frame.points[::2], point_labels=frame.point_labels[::2])


@pytest.fixture(scope="module")
def frame(street) -> Frame:
    return thinned(street.frame)


def run(street, frame: Frame | list[Frame], initial: np.ndarray, config=CONFIG, **options) -> CalibrationResult:
    frames = frame if isinstance(frame, list) else [frame]
    return calibrate(frames, street.camera, RigidTransform.from_matrix(initial), config, **options)


def rotation_error_deg(result: CalibrationResult, truth: np.ndarray) -> float:
    return float(np.degrees(Rotation.from_matrix(result.T_cam_lidar[:3, :3] @ truth[:3, :3].T).magnitude()))


def center(T_cam_lidar: np.ndarray) -> np.ndarray:
    return -T_cam_lidar[:3, :3].T @ T_cam_lidar[:3, 3]


def assert_unchanged(result: CalibrationResult, initial: np.ndarray, outcome: Outcome) -> None:
    """The named outcome, and the initial extrinsic to its last bit."""
    assert result.outcome is outcome
    assert result.message == outcome.sentence
    assert np.array_equal(result.T_cam_lidar, initial)
    assert np.array_equal(result.initial_T_cam_lidar, initial)
    assert result.loss_after == result.loss_before


class TestRecovery:
    """A known wrong start is undone."""

    @pytest.mark.parametrize("start", STARTS)
    def test_rotation_is_recovered_from_both_sides(self, street, frame, start):
        """From seven degrees away, either way, the rotation is found to a third of a degree."""
        initial = street.disturbed(start)
        result = run(street, frame, initial)
        assert result.outcome is Outcome.CONVERGED
        assert rotation_error_deg(result, street.T_cam_lidar) < 0.33
        assert np.linalg.norm(center(result.T_cam_lidar) - street.center) < 0.1
        assert result.loss_after.total_px2 < 0.01 * result.loss_before.total_px2
        assert np.array_equal(result.initial_T_cam_lidar, initial)

    def test_the_result_is_a_rigid_transform(self, street, frame):
        """Its rotation is orthonormal to double precision although the search runs in single precision."""
        T_cam_lidar = run(street, frame, street.disturbed(STARTS[0])).T_cam_lidar
        assert T_cam_lidar.dtype == np.float64
        np.testing.assert_allclose(T_cam_lidar[:3, :3].T @ T_cam_lidar[:3, :3], np.eye(3), atol=1e-14)
        assert np.linalg.det(T_cam_lidar[:3, :3]) == pytest.approx(1)
        assert T_cam_lidar[3].tolist() == [0, 0, 0, 1]

    def test_the_centre_is_recovered_with_the_rotation(self, street, frame):
        """An offset start comes back too, as far as the far points of a street tell."""
        offset = (0.08, -0.06, 0.08)
        result = run(street, frame, street.disturbed((2.0, -2.0, 2.0), offset))
        assert rotation_error_deg(result, street.T_cam_lidar) < 0.33
        assert np.linalg.norm(center(result.T_cam_lidar) - street.center) < np.linalg.norm(offset)

    def test_a_held_translation_is_held(self, street, frame):
        """With `hold_translation` the camera centre of the initial extrinsic is returned, and the rotation found."""
        initial = street.disturbed(STARTS[0])
        result = run(street, frame, initial, replace(CONFIG, hold_translation=True))
        np.testing.assert_allclose(center(result.T_cam_lidar), center(initial), atol=1e-6)
        assert rotation_error_deg(result, street.T_cam_lidar) < 0.2

    def test_double_precision_agrees(self, street, frame):
        """The precision of the loss does not decide where it leads."""
        result = run(street, frame, street.disturbed(STARTS[0]), replace(CONFIG, dtype=torch.float64))
        assert rotation_error_deg(result, street.T_cam_lidar) < 0.33

    def test_the_descent_alone_brings_a_near_start_back(self, street, frame):
        """With N = 0 there is no search, hence no candidate for M to reject."""
        initial = street.disturbed((1.0, -1.0, 1.0))
        result = run(street, frame, initial, replace(CONFIG, num_samples=0, min_points_in_view=10**6))
        assert result.outcome is Outcome.CONVERGED
        assert result.record.num_candidates_rejected == 0
        assert rotation_error_deg(result, street.T_cam_lidar) < 0.33

    def test_the_losses_are_those_of_the_extrinsics(self, street, frame):
        """Starting again from the result, the loss before is the loss after."""
        first = run(street, frame, street.disturbed(STARTS[0]))
        again = run(street, frame, first.T_cam_lidar, replace(CONFIG, num_iterations=1, num_samples=1))
        assert again.loss_before.total_px2 == pytest.approx(first.loss_after.total_px2, rel=1e-3)
        assert set(first.loss_after.per_class) == {"car", "road", "sidewalk"}
        for loss in (first.loss_before, first.loss_after):
            assert loss.total_px2 == pytest.approx(sum(part.px2 for part in loss.per_class.values()))
            assert loss.num_points == sum(part.points for part in loss.per_class.values())
        assert first.loss_after.mean_distance_px < 0.5 < first.loss_before.mean_distance_px

    def test_a_start_that_looks_away_does_not_veto_what_is_found(self, street, frame):
        """An initial extrinsic with almost no point in view has almost no loss; the M rule says it is no yardstick."""
        initial = street.disturbed((-15, 0, 0))
        result = run(street, frame, initial, replace(CONFIG, prior=Prior(16, 0.05), num_samples=1500))
        assert result.loss_before.total_px2 < result.loss_after.total_px2
        assert result.outcome is Outcome.CONVERGED
        assert rotation_error_deg(result, street.T_cam_lidar) < 1


class TestSeveralFrames:
    """Frames of one rig share one extrinsic."""

    def test_they_are_calibrated_together(self, street, next_street, frame):
        """Two places give one extrinsic, with the points of both."""
        frames = [frame, thinned(next_street.frame)]
        result = run(street, frames, street.disturbed(STARTS[0]))
        assert rotation_error_deg(result, street.T_cam_lidar) < 0.33
        alone = [run(street, f, result.T_cam_lidar, replace(CONFIG, num_samples=1, num_iterations=1)) for f in frames]
        assert result.loss_after.total_px2 == pytest.approx(sum(r.loss_before.total_px2 for r in alone), rel=1e-3)
        assert result.loss_after.num_points == sum(r.loss_before.num_points for r in alone)

    def test_a_frame_without_any_of_the_classes_does_no_harm(self, street, frame):
        """What a second frame lacks, the first one has."""
        empty = replace(frame, point_labels=np.zeros_like(frame.point_labels), name="empty")
        result = run(street, [frame, empty], street.disturbed(STARTS[0]), replace(CONFIG, num_samples=300))
        assert result.outcome is Outcome.CONVERGED


class TestOutcomes:
    """Every way to end has a name and a sentence, and all but one return the initial extrinsic."""

    def test_every_outcome_has_a_sentence(self):
        """A user is told what happened, in a sentence."""
        for outcome in Outcome:
            assert outcome.sentence[0].isupper()
            assert outcome.sentence.endswith(".")
        assert {outcome for outcome in Outcome if outcome.is_success} == {Outcome.CONVERGED, Outcome.NOTHING_BETTER}

    def test_all_candidates_rejected(self, street, frame):
        """M asks for more points than any candidate sees."""
        initial = street.disturbed(STARTS[0])
        config = replace(CONFIG, min_points_in_view=10**6, num_samples=20)
        result = run(street, frame, initial, config)
        assert_unchanged(result, initial, Outcome.ALL_CANDIDATES_REJECTED)
        assert result.record.num_candidates_rejected == 21

    def test_too_few_points(self, street, frame):
        """Ten points of the aligned classes cannot hold an extrinsic, which is known before anything is searched."""
        few = np.flatnonzero(frame.point_labels == 14)[:10]
        labels = np.zeros_like(frame.point_labels)
        labels[few] = 14
        initial = street.disturbed(STARTS[0])
        result = run(street, replace(frame, point_labels=labels), initial)
        assert_unchanged(result, initial, Outcome.TOO_FEW_POINTS)
        assert result.record.history == ()

    def test_too_few_points_in_view(self, street, frame):
        """Points of the aligned classes that lie behind the camera do not help."""
        behind = (frame.points[:, 0] < -2) & (frame.point_labels == 11)
        labels = np.where(behind, 11, 0).astype(np.uint8)
        assert behind.sum() > 1000
        initial = street.disturbed(STARTS[0])
        config = replace(CONFIG, num_samples=20, num_iterations=5)
        assert_unchanged(
            run(street, replace(frame, point_labels=labels), initial, config), initial, Outcome.TOO_FEW_POINTS
        )

    @pytest.mark.parametrize("classes", [("bus",), ("sky",), ()])
    def test_no_common_class(self, street, frame, classes):
        """A class that neither has, one that only the image has, none at all."""
        initial = street.disturbed(STARTS[0])
        result = run(street, frame, initial, replace(CONFIG, classes=classes))
        assert_unchanged(result, initial, Outcome.NO_COMMON_CLASS)
        assert result.loss_before.total_px2 == 0

    def test_no_point_in_view(self, street, frame):
        """A camera that looks backwards sees nothing of a sweep that reaches forward only."""
        ahead = frame.points[:, 0] > 1
        forward = replace(frame, points=frame.points[ahead], point_labels=frame.point_labels[ahead])
        initial = street.disturbed((0, 180, 0))
        assert_unchanged(run(street, forward, initial), initial, Outcome.NO_POINT_IN_VIEW)

    def test_non_finite(self, street, frame):
        """A descent that leaves the numbers is said to have done so."""
        initial = street.disturbed(STARTS[0])
        result = run(street, frame, initial, replace(CONFIG, learning_rate=1e30, num_samples=20))
        assert_unchanged(result, initial, Outcome.NON_FINITE)

    def test_nothing_better(self, street, frame):
        """Where every place is right no place is better, and the initial extrinsic stays."""
        everywhere = ClassTable({4: "car"}, {4: "car"})
        flat = replace(frame, image_labels=np.full_like(frame.image_labels, 4), image_classes=everywhere)
        initial = street.disturbed(STARTS[0])
        result = run(street, flat, initial, replace(CONFIG, num_samples=20, num_iterations=5))
        assert_unchanged(result, initial, Outcome.NOTHING_BETTER)

    def test_points_beyond_any_measurement_do_not_end_a_calibration(self, street, frame):
        """A coordinate that overflows when it is squared or projected is as good as not there."""
        points = frame.points.copy()
        points[::1000] = np.float32(3e38)
        result = run(street, replace(frame, points=points), street.disturbed(STARTS[0]))
        assert result.outcome is Outcome.CONVERGED
        assert rotation_error_deg(result, street.T_cam_lidar) < 0.33


class TestRepeatability:
    """The seed decides everything random."""

    QUICK = replace(CONFIG, num_samples=60, num_iterations=20)

    def test_the_same_seed_gives_the_same_bits(self, street, frame):
        """Extrinsic, losses and the whole descent are equal."""
        first, again = (run(street, frame, street.disturbed(STARTS[0]), self.QUICK) for _ in range(2))
        assert np.array_equal(first.T_cam_lidar, again.T_cam_lidar)
        assert first.record.history == again.record.history
        assert first.loss_after == again.loss_after

    def test_another_seed_searches_elsewhere(self, street, frame):
        """The seed is used."""
        first, other = (
            run(street, frame, street.disturbed(STARTS[0]), replace(self.QUICK, seed=seed)) for seed in (0, 1)
        )
        assert not np.array_equal(first.T_cam_lidar, other.T_cam_lidar)

    def test_the_global_generator_is_neither_used_nor_moved(self, street, frame):
        """Who draws random numbers elsewhere is not disturbed."""
        torch.manual_seed(0)
        before = torch.get_rng_state()
        run(street, frame, street.disturbed(STARTS[0]), replace(self.QUICK, num_samples=5, num_iterations=2))
        assert torch.equal(torch.get_rng_state(), before)


class TestProgress:
    """A caller sees it run and may stop it."""

    QUICK = replace(CONFIG, num_samples=300, num_iterations=100)

    def test_stages_come_in_order_and_end_complete(self, street, frame):
        """Initialization, then refinement, each up to its whole."""
        reports: list[Progress] = []
        run(street, frame, street.disturbed(STARTS[0]), self.QUICK, on_progress=reports.append)
        stages = [report.stage for report in reports]
        assert stages == sorted(stages)
        assert set(stages) == {"initialization", "refinement"}
        for stage in set(stages):
            fractions = [report.fraction for report in reports if report.stage == stage]
            assert fractions == sorted(fractions)
            assert fractions[-1] == 1

    @pytest.mark.parametrize("stage", ["initialization", "refinement"])
    def test_a_callback_that_raises_ends_it(self, street, frame, stage):
        """The caller's exception comes out as it is."""

        def stop(progress: Progress) -> None:
            if progress.stage == stage:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            run(street, frame, street.disturbed(STARTS[0]), self.QUICK, on_progress=stop)


class TestMisuse:
    """What cannot be calibrated is refused with a sentence."""

    def test_no_frame(self, street):
        """A calibration needs something to look at."""
        with pytest.raises(ValueError, match="at least one frame"):
            run(street, [], street.T_cam_lidar)

    def test_an_image_of_another_size(self, street, frame):
        """Labels that do not fit the camera are named with both sizes."""
        camera = Camera(street.camera.K, 640, 480)
        with pytest.raises(ValueError, match=r"street: image labels of shape \(188, 620\) .* 640 x 480"):
            calibrate([frame], camera, RigidTransform.from_matrix(street.T_cam_lidar), CONFIG)
