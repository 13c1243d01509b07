"""The refinement descends Eq. 1 and returns the best iterate it met."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.camera import Camera
from worker.calibration.config import PAPER_CLASSES, CalibrationConfig
from worker.calibration.loss import SemanticAlignmentLoss
from worker.calibration.object_sets import ObjectPixelSets, object_pixel_sets
from worker.calibration.progress import Progress, silent
from worker.calibration.refinement import refine
from worker.calibration.transforms import RigidTransform, rotation_angle_rad

CONFIG = CalibrationConfig("paper", num_iterations=150, dtype=torch.float64)


def thinned_sets(street) -> list[ObjectPixelSets]:
    """Every fifth point: enough to descend on."""
    return [replace(sets, points=sets.points[::5]) for sets in object_pixel_sets(street.frame, PAPER_CLASSES)]


@pytest.fixture(scope="module")
def loss(street) -> SemanticAlignmentLoss:
    return SemanticAlignmentLoss.from_object_sets([thinned_sets(street)], street.camera, torch.float64)


@pytest.fixture(scope="module")
def start(street) -> RigidTransform:
    return RigidTransform.from_matrix(street.disturbed((0.8, -1.0, 0.6)))


def total(loss: SemanticAlignmentLoss, T_cam_lidar: RigidTransform) -> float:
    return float(loss(T_cam_lidar[None]).total_px2)


def test_the_descent_comes_close_to_the_truth(street, loss, start):
    """From more than a degree away the loss falls a hundredfold and the rotation is found."""
    found = refine(loss, start, CONFIG, silent)
    truth = RigidTransform.from_matrix(street.T_cam_lidar)
    assert found.is_finite
    assert total(loss, found.T_cam_lidar) < 0.01 * total(loss, start)
    assert torch.rad2deg(rotation_angle_rad(found.T_cam_lidar.rotation @ truth.rotation.mT)) < 0.2


def test_the_result_is_the_best_iterate_and_not_the_last(loss, start):
    """With steps so large that the descent bounces, what is returned still is no worse than the start."""
    wild = replace(CONFIG, learning_rate=0.05, num_iterations=40)
    found = refine(loss, start, wild, silent)
    assert max(found.history_px2) > found.history_px2[0]
    assert total(loss, found.T_cam_lidar) <= total(loss, start)
    assert min(abs(total(loss, found.T_cam_lidar) - value) for value in found.history_px2) < 1e-3


def test_a_start_that_cannot_be_improved_is_returned(loss, start):
    """When every step makes it worse the start itself is the best iterate."""
    found = refine(loss, start, replace(CONFIG, learning_rate=3.0, num_iterations=3), silent)
    torch.testing.assert_close(found.T_cam_lidar.matrix(), start.matrix())


def test_every_iterate_is_on_record(loss, start):
    """The history holds Eq. 1 from the start on to the last step."""
    history = refine(loss, start, replace(CONFIG, num_iterations=20), silent).history_px2
    assert len(history) == 21
    assert history[0] == pytest.approx(total(loss, start))


def test_a_held_translation_keeps_the_centre(loss, start):
    """Only the rotation moves: the camera centre, not the translation column, is held."""
    found = refine(loss, start, replace(CONFIG, hold_translation=True, num_iterations=50), silent).T_cam_lidar
    torch.testing.assert_close(found.center(), start.center(), rtol=0, atol=1e-12)
    assert (found.translation - start.translation).norm() > 1e-4


def test_a_free_translation_moves_the_centre(loss, start):
    """Unless held, the centre is estimated with the rotation."""
    found = refine(loss, start, replace(CONFIG, num_iterations=50), silent).T_cam_lidar
    assert (found.center() - start.center()).norm() > 1e-3


@pytest.fixture(scope="module")
def plane() -> tuple[Camera, list[ObjectPixelSets]]:
    """Return two classes on a plane ten metres ahead, their points beside their masks, one left and one right."""
    sets = []
    for name, rows, first_column in (("car", slice(10, 40), 40), ("road", slice(60, 90), 75)):
        mask = np.zeros((100, 200), bool)
        mask[rows, 60:100] = True
        u, v = np.meshgrid(np.arange(first_column, first_column + 40.0), np.arange(rows.start, rows.stop, 3.0))
        points = np.stack([(u - 100) / 10, (v - 50) / 10, np.full_like(u, 10.0)], -1).reshape(-1, 3)
        sets.append(ObjectPixelSets(name, mask, points))
    return Camera(np.array([[100.0, 0, 100], [0, 100, 50], [0, 0, 1]]), 200, 100), sets


def test_every_class_pulls_with_the_same_strength_whatever_its_number_of_points(plane):
    """Repeating all points of one class fifty times leads the descent along the same way."""
    camera, (car, road) = plane
    crowded = replace(road, points=np.tile(road.points, (50, 1)))
    start = RigidTransform.from_matrix(np.eye(4))
    found = []
    for sets in ([car, road], [car, crowded]):
        loss = SemanticAlignmentLoss.from_object_sets([sets], camera, torch.float64)
        found.append(refine(loss, start, replace(CONFIG, num_iterations=60), silent).T_cam_lidar.matrix())
    assert (found[0] - start.matrix()).abs().max() > 1e-3
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-6)


def test_points_pushed_out_of_the_image_are_no_success(plane):
    """An iterate that turns the camera away until the points are gone is not the best, though its loss is 0."""
    camera, sets = plane
    loss = SemanticAlignmentLoss.from_object_sets([sets], camera, torch.float64)
    start = RigidTransform.from_matrix(np.eye(4))
    found = refine(loss, start, replace(CONFIG, learning_rate=1.5, num_iterations=10), silent)
    assert min(found.history_px2) == 0
    assert loss(found.T_cam_lidar[None]).points.sum() >= 0.5 * loss(start[None]).points.sum()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_descent_that_leaves_the_numbers_says_so(street, start, dtype):
    """Steps beyond all numbers end the descent, and the best iterate met before is returned."""
    loss = SemanticAlignmentLoss.from_object_sets([thinned_sets(street)], street.camera, dtype)
    endless = replace(CONFIG, learning_rate=1e300 if dtype == torch.float64 else 1e30)
    found = refine(loss, start.to(dtype), endless, silent)
    assert not found.is_finite
    assert len(found.history_px2) < CONFIG.num_iterations
    torch.testing.assert_close(found.T_cam_lidar.matrix(), start.to(dtype).matrix(), rtol=0, atol=1e-5)


def test_progress_runs_to_the_end(loss, start):
    """Reports name the stage and their share of it grows to 1."""
    reports: list[Progress] = []
    refine(loss, start, CONFIG, reports.append)
    fractions, losses = [r.fraction for r in reports], [r.loss for r in reports]
    assert {report.stage for report in reports} == {"refinement"}
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert losses == sorted(losses, reverse=True)
