"""Eq. 1: its value against brute force, its gradient against automatic differentiation and finite differences."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from worker.calibration.alignment_field import AlignmentField
from worker.calibration.camera import Camera
from worker.calibration.config import PAPER_CLASSES
from worker.calibration.loss import SemanticAlignmentLoss, by_autograd, residuals
from worker.calibration.object_sets import ObjectPixelSets, object_pixel_sets
from worker.calibration.transforms import RigidTransform, sample_perturbations

NUM_POSES = 15


@pytest.fixture(scope="module")
def loss(scene) -> SemanticAlignmentLoss:
    sets = object_pixel_sets(scene.frame, PAPER_CLASSES)
    return SemanticAlignmentLoss.from_object_sets([sets], scene.camera, torch.float64)


@pytest.fixture(scope="module")
def poses(scene) -> torch.Tensor:
    """Calibration vectors (15, 6): the truth, and extrinsics up to 10 degrees and 0.2 m away."""
    truth = RigidTransform.from_matrix(scene.T_cam_lidar)
    moved = sample_perturbations(NUM_POSES - 1, math.radians(10), 0.2, torch.Generator().manual_seed(0)) @ truth
    return torch.cat([truth.to_vector()[None], moved.to_vector()])


def project(vector: torch.Tensor, points: np.ndarray, K: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels (N, 2) of points (N, 3) and their depth (N,), differentiable in one calibration vector (6,)."""
    T_cam_lidar = RigidTransform.from_vector(vector)
    homogeneous = (torch.from_numpy(K) @ T_cam_lidar.apply(torch.from_numpy(points.T.astype(float)))).T
    return homogeneous[:, :2] / homogeneous[:, 2:], homogeneous[:, 2]


def brute_force(vector: torch.Tensor, sets: ObjectPixelSets, camera: Camera, tree: cKDTree) -> tuple[torch.Tensor, int]:
    """Eq. 1 of one class with the nearest of all P_c pixels by search, and the number of points in view."""
    pixels, depth = project(vector, sets.points, camera.K)
    u, v = pixels.detach().numpy().T
    in_view = (depth > 0.1).numpy() & (u >= -0.5) & (u < camera.width - 0.5) & (v >= -0.5) & (v < camera.height - 0.5)
    pixels = pixels[torch.from_numpy(in_view)]
    _, index = tree.query(pixels.detach().numpy())
    offset = pixels - torch.from_numpy(tree.data[index])
    outside = (offset.abs() > 0.5).any(dim=1)
    return (offset[outside] ** 2).sum(), int(in_view.sum())


@pytest.fixture(scope="module")
def searched(scene, poses) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Brute force at every pose: losses (15, 3), points in view (15, 3), gradients of the sum over classes (15, 6)."""
    sets = object_pixel_sets(scene.frame, PAPER_CLASSES)
    trees = [cKDTree(np.argwhere(s.pixels)[:, ::-1].astype(float)) for s in sets]
    losses, counts, gradients = [], [], []
    for pose in poses:
        vector = pose.clone().requires_grad_()
        values, in_view = zip(
            *(brute_force(vector, s, scene.camera, tree) for s, tree in zip(sets, trees, strict=True)), strict=True
        )
        sum(values).backward()
        losses.append([value.item() for value in values])
        counts.append(in_view)
        gradients.append(vector.grad)
    return torch.tensor(losses, dtype=torch.float64), torch.tensor(counts), torch.stack(gradients)


def assert_within_a_hundredth(result: torch.Tensor, expected: torch.Tensor, points: torch.Tensor) -> None:
    """Allow 1 %, and besides what is left of exact labels at the exact truth: 0.07 px a point, squared."""
    assert ((result - expected).abs() <= 0.01 * expected + 0.005 * points).all()


class TestAgainstBruteForce:
    """The lookup stands in for a search among all pixels of a class."""

    def test_value(self, loss, poses, searched):
        """Eq. 1 of every class and of their sum is within 1 % of the search's, at the truth and far from it."""
        expected, points, _ = searched
        result = loss(RigidTransform.from_vector(poses))
        assert_within_a_hundredth(result.total_px2, expected.sum(-1), points.sum(-1))
        assert_within_a_hundredth(result.px2, expected, points)

    def test_points_in_view(self, loss, poses, searched):
        """The same points are in view."""
        _, expected, _ = searched
        assert torch.equal(loss(RigidTransform.from_vector(poses)).points.long(), expected)

    def test_gradient_direction(self, loss, poses, searched):
        """The gradient points the same way: within 2 degrees in the median over random poses."""
        _, _, expected = searched
        vectors = poses.clone().requires_grad_()
        loss(RigidTransform.from_vector(vectors)).total_px2.sum().backward()
        cosine = torch.nn.functional.cosine_similarity(vectors.grad, expected)
        assert torch.rad2deg(torch.acos(cosine.clamp(-1, 1))).median() < 2

    def test_single_precision(self, scene, poses, searched):
        """The precision the calibration runs in keeps the same 1 %."""
        expected, points, _ = searched
        sets = object_pixel_sets(scene.frame, PAPER_CLASSES)
        single = SemanticAlignmentLoss.from_object_sets([sets], scene.camera, torch.float32)
        result = single(RigidTransform.from_vector(poses).to(torch.float32))
        assert_within_a_hundredth(result.total_px2.double(), expected.sum(-1), points.sum(-1))


def test_gradient_equals_finite_differences_with_the_nearest_pixels_held(scene, loss, poses):
    """The analytic gradient is that of the sum of squares whose nearest pixels and view do not change."""
    camera = scene.camera
    for pose in poses[:5]:
        terms = []
        for part in loss.parts:
            u, v, visible = camera.project(RigidTransform.from_vector(pose).apply(part.points))
            nearest = torch.stack(part.field.lookup(u, v))
            counted = visible & ((u.round() != nearest[0]) | (v.round() != nearest[1]))
            terms.append((part.points[:, counted], nearest[:, counted]))

        def frozen(vector: torch.Tensor, terms: list = terms) -> float:
            return sum(
                float((torch.stack(camera.project(RigidTransform.from_vector(vector).apply(p))[:2]) - q).square().sum())
                for p, q in terms
            )

        steps = 1e-6 * torch.eye(6, dtype=torch.float64)
        expected = torch.tensor([(frozen(pose + h) - frozen(pose - h)) / 2e-6 for h in steps], dtype=torch.float64)
        vector = pose.clone().requires_grad_()
        loss(RigidTransform.from_vector(vector[None])).total_px2.sum().backward()
        torch.testing.assert_close(vector.grad, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


class TestUnitSquare:
    """A point inside the unit square of a P_c pixel is where it should be."""

    @pytest.fixture
    def field(self) -> AlignmentField:
        """Return the field of the single pixel (8, 5)."""
        mask = np.zeros((10, 20), bool)
        mask[5, 8] = True
        return AlignmentField.from_pixels(mask)

    @pytest.mark.parametrize(
        ("u", "v", "expected"),
        [
            (8.0, 5.0, (0, 0)),
            (8.49, 4.51, (0, 0)),
            (7.51, 5.49, (0, 0)),
            (8.6, 5.0, (0.6, 0)),
            (8.4, 5.6, (0.4, 0.6)),
            (3.0, 9.0, (-5, 4)),
        ],
    )
    def test_residuals(self, field, u, v, expected):
        """Inside the square both residuals are 0; outside they reach from the pixel's centre."""
        place = torch.tensor([u], dtype=torch.float64), torch.tensor([v], dtype=torch.float64)
        residual = torch.cat(residuals(*place, torch.tensor([True]), field))
        torch.testing.assert_close(residual, torch.tensor(expected, dtype=torch.float64))

    def test_places_out_of_view_do_not_count(self, field):
        """What is not visible has no residual, not even from far outside or without a pixel."""
        u = torch.tensor([100.0, 3e38, -3e38])
        for residual in residuals(u, u, torch.tensor([False] * 3), field):
            assert residual.tolist() == [0, 0, 0]


def small_sets(name: str, places: list[tuple[float, float]], pixels: list[tuple[int, int]]) -> ObjectPixelSets:
    """P_c at (column, row) pixels; points one metre before a camera with focal length 1 and no offset."""
    mask = np.zeros((10, 20), bool)
    for u, v in pixels:
        mask[v, u] = True
    return ObjectPixelSets(name, mask, np.array([(u, v, 1.0) for u, v in places], float).reshape(-1, 3))


class TestByHand:
    """Sums, counts and classes on a handful of points."""

    camera = Camera(np.eye(3), 20, 10)
    identity = RigidTransform.from_matrix(np.eye(4)[None])

    def evaluate(self, *frames: list[ObjectPixelSets]):
        """Return the loss over these frames and its value where camera and LiDAR coincide."""
        loss = SemanticAlignmentLoss.from_object_sets(frames, self.camera, torch.float64)
        return loss, loss(self.identity)

    def test_squares_and_distances_are_summed_over_the_points_in_view(self):
        """Two points 5 px and 2 px away give 29 px^2 and 7 px; one outside the image gives nothing."""
        sets = small_sets("car", [(3, 4), (2, 0), (25, 0)], [(0, 0)])
        loss, result = self.evaluate([sets])
        assert loss.classes == ("car",)
        assert (result.px2.item(), result.distance_px.item(), result.points.item()) == (29, 7, 2)

    def test_classes_are_kept_apart_and_frames_added(self):
        """Each class sums over frames; the total sums over classes."""
        first = [small_sets("car", [(3, 4)], [(0, 0)]), small_sets("road", [(5, 5)], [(5, 7)])]
        second = [small_sets("car", [(0, 3)], [(0, 0)]), small_sets("road", [(5, 5)], [])]
        loss, result = self.evaluate(first, second)
        assert loss.classes == ("car", "road")
        assert result.px2.tolist() == [[34, 4]]
        assert result.points.tolist() == [[2, 1]]
        assert result.total_px2.tolist() == [38]

    def test_a_class_that_one_modality_lacks_is_left_out(self):
        """Pixels without points, or points without pixels, cannot be aligned."""
        loss, result = self.evaluate(
            [small_sets("car", [], [(0, 0)]), small_sets("road", [(1, 1)], []), small_sets("pole", [(1, 0)], [(3, 0)])]
        )
        assert loss.classes == ("pole",)
        assert loss.num_points == 1
        assert result.px2.tolist() == [[4]]

    def test_a_camera_that_sees_none_of_the_points_has_loss_and_count_zero(self):
        """Callers must read the loss together with the number of points in view."""
        _, result = self.evaluate([small_sets("car", [(30, 4), (-5, 0)], [(0, 0)])])
        assert (result.total_px2.item(), result.points.item()) == (0, 0)


def test_chunks_change_nothing(loss, poses):
    """A large batch evaluated in parts has the values of the whole."""
    T_cam_lidar = RigidTransform.from_vector(poses)
    whole, parts = loss(T_cam_lidar), loss.in_chunks(T_cam_lidar)
    torch.testing.assert_close(parts.px2, whole.px2)
    torch.testing.assert_close(parts.distance_px, whole.distance_px)
    assert torch.equal(parts.points, whole.points)


@pytest.mark.parametrize("turn", [1.0, 1e-3, 0.0])
def test_the_gradient_at_a_vector_is_that_of_autograd(loss, poses, turn):
    """Class by class, with and without the fused loops, near the identity too."""
    vector = torch.cat([turn * poses[3, :3], poses[3, 3:]]).detach()
    fused, reference = loss.at_vector(vector), by_autograd(loss, vector)
    torch.testing.assert_close(fused.losses.px2, reference.losses.px2)
    torch.testing.assert_close(fused.losses.points, reference.losses.points)
    for weights in torch.eye(len(loss.classes), dtype=torch.float64):
        torch.testing.assert_close(fused.gradient(weights), reference.gradient(weights), rtol=1e-6, atol=1e-3)


def test_two_cores_find_what_one_finds(loss, poses, monkeypatch):
    """To the bit, with a thread for half of the parts and without."""
    many = replace(loss, parts=3 * loss.parts)
    threads = torch.get_num_threads()
    monkeypatch.setattr("worker.calibration.loss._WORTH_A_THREAD", 0)
    try:
        torch.set_num_threads(1)
        alone = many.at_vector(poses[1].detach())
        torch.set_num_threads(2)
        shared = many.at_vector(poses[1].detach())
    finally:
        torch.set_num_threads(threads)
    weights = torch.ones(len(loss.classes), dtype=torch.float64)
    assert torch.equal(alone.losses.px2, shared.losses.px2)
    assert torch.equal(alone.gradient(weights), shared.gradient(weights))
    torch.testing.assert_close(shared.losses.px2, 3 * loss.at_vector(poses[1].detach()).losses.px2)
