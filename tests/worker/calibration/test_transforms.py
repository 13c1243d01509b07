"""Rigid transforms keep the axioms of their group, and the axis-angle chart its promises near zero and near pi."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from worker.calibration.transforms import (
    RigidTransform,
    axis_angle_from_rotation,
    max_angle_of_euler_box,
    quaternion_wxyz_from_rotation,
    rotation_angle_rad,
    rotation_from_axis_angle,
    rotation_from_euler_xyz,
    sample_perturbations,
    skew,
)

TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-12}
BATCH_SHAPES = [(), (1,), (5,), (2, 3), (0,)]
# Both sides of the switch between series and closed form are among them (0.01 rad, 0.02 rad for the logarithm).
ANGLES = [0.0, 1e-12, 1e-9, 1e-6, 1e-3, 0.00999, 0.01001, 0.01999, 0.02001, 1.0, 2.5, math.pi - 1e-3, math.pi - 1e-7]

angles = st.floats(-math.pi, math.pi)


def random_transform(shape: tuple[int, ...], dtype: torch.dtype, seed: int = 0) -> RigidTransform:
    generator = torch.Generator().manual_seed(seed)
    vector = torch.randn(*shape, 6, generator=generator, dtype=torch.float64)
    return RigidTransform.from_vector(vector.to(dtype))


def random_axes(count: int, seed: int = 0) -> torch.Tensor:
    axes = torch.randn(count, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    axes = torch.cat([torch.eye(3, dtype=torch.float64), -torch.eye(3, dtype=torch.float64), axes])
    return axes / axes.norm(dim=-1, keepdim=True)


def assert_same(a: RigidTransform, b: RigidTransform) -> None:
    torch.testing.assert_close(a.matrix(), b.matrix(), rtol=0, atol=TOLERANCE[a.rotation.dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", BATCH_SHAPES)
class TestGroup:
    """The axioms, over batch shapes and precisions."""

    def test_identity(self, shape, dtype):
        """The zero vector is the transform that changes nothing."""
        a = random_transform(shape, dtype)
        identity = RigidTransform.from_vector(torch.zeros(6, dtype=dtype))
        assert_same(a @ identity, a)
        assert_same(identity @ a, a)

    def test_inverse(self, shape, dtype):
        """A transform and its inverse cancel, in both orders."""
        a = random_transform(shape, dtype)
        identity = RigidTransform.from_vector(torch.zeros(*shape, 6, dtype=dtype))
        assert_same(a @ a.inverse(), identity)
        assert_same(a.inverse() @ a, identity)

    def test_associativity(self, shape, dtype):
        """Composition may be grouped either way."""
        a, b, c = (random_transform(shape, dtype, seed) for seed in range(3))
        assert_same((a @ b) @ c, a @ (b @ c))

    def test_composition_is_the_product_of_matrices(self, shape, dtype):
        """(A @ B) has the matrix A B, and B may be a single transform."""
        a, b, single = random_transform(shape, dtype, 0), random_transform(shape, dtype, 1), random_transform((), dtype)
        tolerance = {"rtol": 0, "atol": TOLERANCE[dtype]}
        torch.testing.assert_close((a @ b).matrix(), a.matrix() @ b.matrix(), **tolerance)
        torch.testing.assert_close((a @ single).matrix(), a.matrix() @ single.matrix(), **tolerance)

    def test_apply_follows_the_matrix(self, shape, dtype):
        """Points as columns are transformed as p' = R p + t by every transform of the batch."""
        a = random_transform(shape, dtype)
        points = torch.randn(3, 7, generator=torch.Generator().manual_seed(1), dtype=dtype)
        homogeneous = torch.cat([points, torch.ones(1, 7, dtype=dtype)])
        result = a.apply(points)
        assert result.shape == (*shape, 3, 7)
        torch.testing.assert_close(result, (a.matrix() @ homogeneous)[..., :3, :], rtol=0, atol=10 * TOLERANCE[dtype])

    def test_rotations_are_orthonormal(self, shape, dtype):
        """R^T R = I and det R = 1."""
        rotation = random_transform(shape, dtype).rotation
        identity = torch.eye(3, dtype=dtype).expand(*shape, 3, 3)
        torch.testing.assert_close(rotation.mT @ rotation, identity, rtol=0, atol=TOLERANCE[dtype])
        torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(shape, dtype=dtype))

    def test_vector_round_trip(self, shape, dtype):
        """to_vector undoes from_vector, and says so in its shape and precision."""
        generator = torch.Generator().manual_seed(0)
        vector = torch.rand(*shape, 6, generator=generator, dtype=torch.float64).to(dtype)
        result = RigidTransform.from_vector(vector).to_vector()
        assert result.dtype == dtype
        torch.testing.assert_close(result, vector, rtol=0, atol=TOLERANCE[dtype])


class TestCentreConvention:
    """The vector c = (a, t) holds the camera centre, as in the paper's [R | -R t]."""

    def test_the_centre_maps_to_the_origin(self):
        """T_cam_lidar built from c = (a, t) carries t to the camera's origin."""
        vector = torch.tensor([0.4, -1.2, 0.7, 1.0, -2.0, 3.0], dtype=torch.float64)
        T_cam_lidar = RigidTransform.from_vector(vector)
        torch.testing.assert_close(T_cam_lidar.apply(vector[3:, None]), torch.zeros(3, 1, dtype=torch.float64))

    def test_the_translation_column_is_minus_r_t(self):
        """The column is -R t, which differs from t for every rotation that turns t."""
        vector = torch.tensor([0.0, 0.0, math.pi / 2, 1.0, 0.0, 0.0], dtype=torch.float64)
        T_cam_lidar = RigidTransform.from_vector(vector)
        torch.testing.assert_close(T_cam_lidar.translation, torch.tensor([0.0, -1.0, 0.0], dtype=torch.float64))

    def test_a_change_of_rotation_alone_keeps_the_centre(self):
        """Moving `a` turns the camera about its own centre."""
        vector = torch.tensor([0.4, -1.2, 0.7, 1.0, -2.0, 3.0], dtype=torch.float64)
        turned = vector + torch.tensor([0.1, 0.2, -0.1, 0, 0, 0], dtype=torch.float64)
        torch.testing.assert_close(RigidTransform.from_vector(turned).center(), vector[3:])

    def test_the_inverse_translates_by_the_centre(self):
        """T_lidar_cam takes the camera's origin to its centre in the LiDAR frame."""
        T_cam_lidar = random_transform((4,), torch.float64)
        torch.testing.assert_close(T_cam_lidar.inverse().translation, T_cam_lidar.center())
        torch.testing.assert_close(T_cam_lidar.inverse().center(), T_cam_lidar.translation)


class TestAxisAngle:
    """Exponential and logarithm, against scipy and against each other."""

    @pytest.mark.parametrize("angle", [*ANGLES, math.pi, 4.0, 2 * math.pi, 9.0])
    def test_exponential_agrees_with_scipy(self, angle):
        """Rodrigues' formula holds at every angle, beyond pi too."""
        vectors = random_axes(50) * angle
        expected = Rotation.from_rotvec(vectors.numpy()).as_matrix()
        np.testing.assert_allclose(rotation_from_axis_angle(vectors), expected, rtol=0, atol=4e-15)

    @pytest.mark.parametrize("angle", ANGLES)
    def test_logarithm_undoes_the_exponential(self, angle):
        """Every angle below pi comes back to its last digits, relative to the rounding of the matrix."""
        vectors = random_axes(50) * angle
        result = axis_angle_from_rotation(rotation_from_axis_angle(vectors))
        torch.testing.assert_close(result, vectors, rtol=1e-14, atol=3e-15)

    @pytest.mark.parametrize("angle", ANGLES)
    def test_logarithm_agrees_with_scipy(self, angle):
        """The same matrix has the same axis-angle vector in scipy."""
        rotations = Rotation.from_rotvec(random_axes(50).numpy() * angle)
        result = axis_angle_from_rotation(torch.from_numpy(rotations.as_matrix()))
        np.testing.assert_allclose(result, rotations.as_rotvec(), rtol=1e-9, atol=3e-15)

    def test_logarithm_of_half_turns(self):
        """At exactly pi either direction of the axis is right; the length is pi and the rotation comes back."""
        axes = random_axes(50)
        half_turns = 2 * axes[:, :, None] * axes[:, None, :] - torch.eye(3, dtype=torch.float64)
        result = axis_angle_from_rotation(half_turns)
        torch.testing.assert_close(result.norm(dim=-1), torch.full((len(axes),), math.pi, dtype=torch.float64))
        torch.testing.assert_close((result * axes).sum(-1).abs(), torch.full_like(axes[:, 0], math.pi))
        torch.testing.assert_close(rotation_from_axis_angle(result), half_turns, rtol=0, atol=1e-14)

    @pytest.mark.parametrize("angle", [*ANGLES, math.pi])
    def test_single_precision(self, angle):
        """float32 keeps its digits at every angle, where the logarithm by traces would lose half of them."""
        vectors = (random_axes(50) * angle).float()
        rotation = rotation_from_axis_angle(vectors)
        again = rotation_from_axis_angle(axis_angle_from_rotation(rotation))
        assert rotation.dtype == again.dtype == torch.float32
        expected = Rotation.from_rotvec(vectors.double().numpy()).as_matrix()
        np.testing.assert_allclose(rotation, expected, rtol=0, atol=1e-6)
        np.testing.assert_allclose(again, expected, rtol=0, atol=2e-6)

    @given(st.tuples(angles, angles, angles))
    def test_logarithm_is_at_most_a_half_turn(self, vector):
        """Whatever vector made the rotation, its logarithm is no longer than pi and makes the same rotation."""
        rotation = rotation_from_axis_angle(torch.tensor(vector, dtype=torch.float64))
        logarithm = axis_angle_from_rotation(rotation)
        assert logarithm.norm() <= math.pi + 1e-12
        torch.testing.assert_close(rotation_from_axis_angle(logarithm), rotation, rtol=0, atol=1e-13)

    @given(st.tuples(angles, angles, angles))
    def test_quaternions_agree_with_scipy(self, vector):
        """Unit quaternions in the order w x y z, w not negative."""
        rotation = Rotation.from_rotvec(vector)
        quaternion = quaternion_wxyz_from_rotation(torch.from_numpy(rotation.as_matrix())).numpy()
        assert quaternion[0] >= 0
        expected = np.roll(rotation.as_quat(), 1)
        # Near a half turn the two signs of w = 0 are equally right.
        assert min(np.abs(quaternion - expected).max(), np.abs(quaternion + expected).max()) < 1e-12

    def test_skew_is_the_cross_product(self):
        """[a]x b = a x b."""
        a, b = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        torch.testing.assert_close((skew(a) @ b[..., None]).squeeze(-1), torch.linalg.cross(a, b))

    def test_rotation_angle(self):
        """The angle of a rotation is the length of its axis-angle vector."""
        axes = random_axes(10)
        rotation = rotation_from_axis_angle(axes * 0.3)
        torch.testing.assert_close(rotation_angle_rad(rotation), torch.full((len(axes),), 0.3, dtype=torch.float64))

    def test_euler_angles_turn_about_fixed_axes_x_then_y_then_z(self):
        """The order is scipy's lower-case `xyz`: R = Rz Ry Rx."""
        vectors = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        expected = Rotation.from_euler("xyz", vectors.numpy()).as_matrix()
        np.testing.assert_allclose(rotation_from_euler_xyz(vectors), expected, rtol=0, atol=1e-14)


class TestGradients:
    """The chart is differentiable where refinement may pass."""

    @pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.00999, 0.01001, 1.0, math.pi - 1e-3, math.pi, 4.0])
    def test_exponential(self, angle):
        """The derivative of the exponential is that of finite differences, at the identity too."""
        vectors = (random_axes(3) * angle).requires_grad_()
        assert torch.autograd.gradcheck(rotation_from_axis_angle, (vectors,))

    @pytest.mark.parametrize("angle", [1e-4, 0.01999, 0.02001, 1.0, math.pi - 1e-3])
    def test_logarithm(self, angle):
        """The derivative of the logarithm is that of finite differences."""
        rotations = rotation_from_axis_angle(random_axes(3) * angle).requires_grad_()
        assert torch.autograd.gradcheck(axis_angle_from_rotation, (rotations,), atol=2e-5)

    @pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-9, 1e-3, 0.01999, 0.02001, 2.0, math.pi - 1e-3, math.pi - 1e-7])
    def test_round_trip_has_the_identity_as_its_derivative(self, angle):
        """The derivative of log(exp(a)) is I up to the edge of the chart, where differences would jump across."""
        for vector in random_axes(5) * angle:
            jacobian = torch.autograd.functional.jacobian(
                lambda a: axis_angle_from_rotation(rotation_from_axis_angle(a)), vector
            )
            torch.testing.assert_close(jacobian, torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-9)

    def test_vector_of_a_transform(self):
        """The derivative of the transformed points with respect to c = (a, t) is that of finite differences."""
        vector = torch.tensor([0.0, 0.0, 0.0, 1.0, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
        points = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        assert torch.autograd.gradcheck(lambda c: RigidTransform.from_vector(c).apply(points), (vector,))


class TestPerturbations:
    """Random transforms within stated ranges."""

    def test_they_stay_within_the_ranges_and_fill_them(self):
        """Roll, pitch, yaw and offsets are uniform between their bounds."""
        rotation_rad, translation_m = math.radians(10), 0.2
        drawn = sample_perturbations(4000, rotation_rad, translation_m, torch.Generator().manual_seed(0))
        angles = np.abs(Rotation.from_matrix(drawn.rotation.numpy()).as_euler("xyz"))
        offsets = drawn.translation.abs().numpy()
        for values, bound in ((angles, rotation_rad), (offsets, translation_m)):
            assert values.max() <= bound + 1e-12
            np.testing.assert_allclose(values.max(axis=0), bound, rtol=0.01)
            np.testing.assert_allclose(values.mean(axis=0), bound / 2, rtol=0.05)

    def test_both_directions_are_drawn_alike(self):
        """No direction is preferred."""
        drawn = sample_perturbations(4000, 0.1, 0.2, torch.Generator().manual_seed(0))
        signed = np.column_stack([Rotation.from_matrix(drawn.rotation.numpy()).as_euler("xyz"), drawn.translation])
        np.testing.assert_allclose((signed > 0).mean(axis=0), 0.5, atol=0.04)

    def test_a_seed_means_the_same_draws(self):
        """The generator alone decides, in either precision."""
        first, second, single = (
            sample_perturbations(10, 0.1, 0.2, torch.Generator().manual_seed(7), dtype)
            for dtype in (torch.float64, torch.float64, torch.float32)
        )
        assert torch.equal(first.matrix(), second.matrix())
        assert single.rotation.dtype == torch.float32
        torch.testing.assert_close(single.matrix().double(), first.matrix(), rtol=0, atol=1e-6)

    def test_without_offset_the_camera_keeps_its_centre(self):
        """E @ T_cam_lidar turns the camera about its own centre."""
        T_cam_lidar = random_transform((), torch.float64)
        moved = sample_perturbations(10, 0.5, 0.0, torch.Generator().manual_seed(0)) @ T_cam_lidar
        torch.testing.assert_close(moved.center(), T_cam_lidar.center().expand(10, 3))

    @given(st.floats(0, math.pi), st.integers(0, 2**32 - 1))
    def test_no_rotation_of_the_box_exceeds_the_stated_angle(self, bound, seed):
        """The largest angle bounds random rotations and all corners of the box."""
        corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T
        units = np.concatenate([corners, np.random.default_rng(seed).uniform(-1, 1, (200, 3))])
        reached = Rotation.from_euler("xyz", units * bound).magnitude()
        assert reached.max() <= max_angle_of_euler_box(bound) + 1e-7

    @pytest.mark.parametrize("bound_deg", [0, 1, 10, 20, 45, 80, 89.9, 90])
    def test_the_stated_angle_is_reached(self, bound_deg):
        """The bound is no larger than it must be: a corner of the box attains it."""
        corners = np.array(np.meshgrid(*[[-bound_deg, bound_deg]] * 3)).reshape(3, -1).T
        reached = Rotation.from_euler("xyz", corners, degrees=True).magnitude().max()
        assert max_angle_of_euler_box(math.radians(bound_deg)) == pytest.approx(reached, abs=1e-7)
