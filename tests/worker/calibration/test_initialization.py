"""The loss-guided initialization keeps the admissible candidate with the lowest Eq. 1."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.config import PAPER_CLASSES, CalibrationConfig, Prior
from worker.calibration.initialization import Initialization, loss_guided_initialization, sees_at_least
from worker.calibration.loss import SemanticAlignmentLoss
from worker.calibration.object_sets import object_pixel_sets
from worker.calibration.progress import Progress, silent
from worker.calibration.transforms import RigidTransform, rotation_angle_rad, sample_perturbations

CONFIG = CalibrationConfig("paper", Prior(8, 0.1), num_samples=120, min_points_in_view=4000, dtype=torch.float64)


@pytest.fixture(scope="module")
def loss(street) -> SemanticAlignmentLoss:
    thinned = replace(street.frame, points=street.frame.points[::3], point_labels=street.frame.point_labels[::3])
    return SemanticAlignmentLoss.from_object_sets(
        [object_pixel_sets(thinned, PAPER_CLASSES)], street.camera, torch.float64
    )


@pytest.fixture(scope="module")
def points(street) -> torch.Tensor:
    """A third of the sweep, more than are counted in one portion."""
    return torch.as_tensor(street.frame.points[::3].T, dtype=torch.float64).contiguous()


@pytest.fixture(scope="module")
def initial(street) -> RigidTransform:
    return RigidTransform.from_matrix(street.disturbed((4, -5, 3)))


def candidates_of(initial: RigidTransform, config: CalibrationConfig) -> RigidTransform:
    """The initial extrinsic and the N candidates that the seed stands for."""
    generator = torch.Generator().manual_seed(config.seed)
    rotation_rad = math.radians(config.prior.rotation_deg)
    drawn = sample_perturbations(config.num_samples, rotation_rad, config.prior.translation_m, generator) @ initial
    return RigidTransform.from_matrix(torch.cat([initial.matrix()[None], drawn.matrix()]))


def count_in_view(street, points: torch.Tensor, T_cam_lidar: RigidTransform) -> int:
    """Count one extrinsic's points in view the plain way."""
    x, y, z = T_cam_lidar.apply(points).numpy()
    (fx, _, cx), (_, fy, cy), _ = street.camera.K
    front = z > 0.1
    u, v = fx * x[front] / z[front] + cx, fy * y[front] / z[front] + cy
    inside = (u >= -0.5) & (u < street.camera.width - 0.5) & (v >= -0.5) & (v < street.camera.height - 0.5)
    return int(inside.sum())


class TestPointsInView:
    """The M rule counts LiDAR points of any class."""

    @pytest.mark.parametrize("order", ["as swept", "reversed"])
    def test_it_is_exact(self, street, points, initial, order):
        """Around every candidate's own count, in whatever order the points come, the rule agrees with counting."""
        points = points if order == "as swept" else points.flip(1)
        part = candidates_of(initial, CONFIG)[:12]
        counts = np.array([count_in_view(street, points, part[i]) for i in range(12)])
        for minimum in {0, *counts, *(counts + 1), counts.max() + 10}:
            assert sees_at_least(int(minimum), points, street.camera, part).tolist() == (counts >= minimum).tolist()

    def test_no_points_are_fewer_than_one(self, street, initial):
        """An empty cloud meets no demand but that of zero."""
        nothing = torch.empty(3, 0, dtype=torch.float64)
        assert not sees_at_least(1, nothing, street.camera, initial[None]).any()
        assert sees_at_least(0, nothing, street.camera, initial[None]).all()


def search(loss, points, initial, config=CONFIG, on_progress=silent) -> Initialization:
    return loss_guided_initialization(loss, points, initial, config, on_progress)


def test_the_best_admissible_candidate_is_found(street, loss, points, initial):
    """It is the one that judging all candidates one by one finds, and as many are rejected."""
    candidates = candidates_of(initial, CONFIG)
    losses, rejected = [], 0
    for index in range(CONFIG.num_samples + 1):
        admissible = count_in_view(street, points, candidates[index]) >= CONFIG.min_points_in_view
        rejected += not admissible
        losses.append(float(loss(candidates[index][None]).total_px2) if admissible else math.inf)
    assert 0 < rejected < CONFIG.num_samples
    found = search(loss, [points], initial)
    torch.testing.assert_close(found.T_cam_lidar.matrix(), candidates[int(np.argmin(losses))].matrix())
    assert found.loss_px2 == pytest.approx(min(losses))
    assert found.num_rejected == rejected


def test_candidates_below_m_are_passed_over(loss, points, initial):
    """A candidate that looks away has a low loss and must not win: a higher M raises the loss of the winner."""
    strict, lax = (
        search(loss, [points], initial, replace(CONFIG, min_points_in_view=m, prior=Prior(40, 0.1))) for m in (4000, 1)
    )
    assert lax.loss_px2 < strict.loss_px2
    assert lax.num_rejected < strict.num_rejected


def test_m_counts_points_of_classes_that_are_not_aligned(loss, points, initial):
    """More points may be asked for than the aligned classes have in view."""
    found = search(loss, [points], initial)
    assert float(loss(found.T_cam_lidar[None]).points.sum()) < CONFIG.min_points_in_view


def test_m_grows_with_the_number_of_frames(loss, points, initial):
    """M is meant per frame: the same frame twice passes and fails as it does once."""
    once, twice = search(loss, [points], initial), search(loss, [points, points], initial)
    assert once.num_rejected == twice.num_rejected
    assert torch.equal(once.T_cam_lidar.matrix(), twice.T_cam_lidar.matrix())


def test_the_initial_extrinsic_is_a_candidate(street, loss, points):
    """At the truth no random transform is better, and the truth is kept."""
    truth = RigidTransform.from_matrix(street.T_cam_lidar)
    found = search(loss, [points], truth, replace(CONFIG, min_points_in_view=3000))
    assert torch.equal(found.T_cam_lidar.matrix(), truth.matrix())


def test_nothing_is_kept_when_all_are_rejected(loss, points, initial):
    """No candidate is no candidate, rather than the least bad one."""
    found = search(loss, [points], initial, replace(CONFIG, min_points_in_view=10**6))
    assert found.T_cam_lidar is None
    assert found.num_rejected == CONFIG.num_samples + 1


def test_it_says_whether_the_initial_extrinsic_was_admissible(street, loss, points, initial):
    """An extrinsic below M has no loss that others could be compared with."""
    count = count_in_view(street, points, initial)
    for minimum, expected in ((count, True), (count + 1, False)):
        config = replace(CONFIG, min_points_in_view=minimum, num_samples=1)
        assert search(loss, [points], initial, config).initial_is_admissible is expected


@pytest.mark.parametrize("minimum", [4000, 10**6])
def test_without_samples_there_is_no_search(loss, points, initial, minimum):
    """N = 0: the initial extrinsic is the start whatever M says, and M says only whether its loss means something."""
    reports: list[Progress] = []
    config = replace(CONFIG, num_samples=0, min_points_in_view=minimum)
    found = search(loss, [points], initial, config, reports.append)
    assert torch.equal(found.T_cam_lidar.matrix(), initial.matrix())
    assert found.loss_px2 == pytest.approx(float(loss(initial[None]).total_px2))
    assert found.num_rejected == 0
    assert found.initial_is_admissible is (minimum == 4000)
    assert [(report.fraction, report.loss) for report in reports] == [(1.0, found.loss_px2)]


def test_without_the_m_rule_nothing_is_rejected(street, loss, points):
    """M = 0: a camera that looks away from everything wins with its loss of 0."""
    away = RigidTransform.from_matrix(street.disturbed((60, 0, 0)))
    found = search(loss, [points], away, replace(CONFIG, min_points_in_view=0, prior=Prior(30, 0.1)))
    assert found.num_rejected == 0
    assert found.initial_is_admissible
    assert found.loss_px2 == 0
    assert float(loss(found.T_cam_lidar[None]).points.sum()) == 0


def test_the_seed_decides(loss, points, initial):
    """The same seed finds the same candidate to the last bit, another one another."""
    first, again, other = (search(loss, [points], initial, replace(CONFIG, seed=seed)) for seed in (3, 3, 4))
    assert torch.equal(first.T_cam_lidar.matrix(), again.T_cam_lidar.matrix())
    assert not torch.equal(first.T_cam_lidar.matrix(), other.T_cam_lidar.matrix())


def test_a_held_translation_keeps_the_centre(loss, points, initial):
    """Only the rotation is searched, and the camera stays where it was said to be."""
    found = search(loss, [points], initial, replace(CONFIG, hold_translation=True)).T_cam_lidar
    torch.testing.assert_close(found.center(), initial.center())
    assert rotation_angle_rad(found.rotation @ initial.rotation.mT) > 0.01


def test_progress_runs_to_the_end_while_the_loss_falls(loss, points, initial):
    """Reports name the stage, their share of it grows to 1 and the best loss never rises."""
    reports: list[Progress] = []
    found = search(loss, [points], initial, replace(CONFIG, num_samples=600), reports.append)
    assert {report.stage for report in reports} == {"initialization"}
    fractions, losses = [r.fraction for r in reports], [r.loss for r in reports]
    assert len(reports) > 2
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == found.loss_px2
