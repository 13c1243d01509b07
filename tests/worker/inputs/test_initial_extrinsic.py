"""The initial extrinsic: every way to write it gives the same T_cam_lidar, or a sentence."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from worker.inputs import InputError
from worker.inputs.initial_extrinsic import InitialExtrinsic
from worker.inputs.request import load_initial

angles = st.tuples(st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180))
offsets = st.tuples(*[st.floats(-5, 5)] * 3)


def transform(rpy_deg, translation_m) -> np.ndarray:
    """Return R = Rz Ry Rx and t as a matrix, by scipy."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", rpy_deg, degrees=True).as_matrix()
    matrix[:3, 3] = translation_m
    return matrix


@given(rpy_deg=angles, translation_m=offsets)
def test_all_rotations_agree(rpy_deg, translation_m):
    """Matrix, both quaternions and roll-pitch-yaw of one pose give one matrix (scipy is the reference)."""
    expected = transform(rpy_deg, translation_m)
    xyzw = Rotation.from_matrix(expected[:3, :3]).as_quat()
    common = {"translation_m": translation_m, "direction": "lidar_to_camera"}
    for initial in [
        InitialExtrinsic(T_cam_lidar=expected.tolist()),
        InitialExtrinsic(quaternion_xyzw=xyzw.tolist(), **common),
        InitialExtrinsic(quaternion_wxyz=np.roll(xyzw, 1).tolist(), **common),
        InitialExtrinsic(rpy_deg=rpy_deg, **common),
    ]:
        np.testing.assert_allclose(initial.matrix(), expected, atol=1e-12)


@given(rpy_deg=angles, translation_m=offsets)
def test_the_other_direction_is_the_inverse(rpy_deg, translation_m):
    """`camera_to_lidar` describes p_lidar = R p_cam + t."""
    forth = InitialExtrinsic(rpy_deg=rpy_deg, translation_m=translation_m, direction="lidar_to_camera").matrix()
    back = InitialExtrinsic(rpy_deg=rpy_deg, translation_m=translation_m, direction="camera_to_lidar").matrix()
    np.testing.assert_allclose(forth @ back, np.eye(4), atol=1e-12)


@given(rpy_deg=angles, translation_m=offsets)
def test_rounding_is_taken_away(rpy_deg, translation_m):
    """A matrix of four digits becomes exactly rigid and stays within the rounding."""
    rounded = transform(rpy_deg, translation_m).round(4)
    matrix = InitialExtrinsic(T_cam_lidar=rounded.tolist()).matrix()
    np.testing.assert_allclose(matrix[:3, :3].T @ matrix[:3, :3], np.eye(3), atol=1e-14)
    assert np.linalg.det(matrix[:3, :3]) > 0
    np.testing.assert_allclose(matrix, rounded, atol=2e-4)
    np.testing.assert_array_equal(matrix[:3, 3], rounded[:3, 3])


def test_the_examples_say_the_same():
    """Both examples of the documentation are one pose: forward of the LiDAR is the camera's optical axis."""
    matrix, quaternion = (InitialExtrinsic(**e) for e in InitialExtrinsic.model_config["json_schema_extra"]["examples"])
    np.testing.assert_allclose(matrix.matrix(), quaternion.matrix(), atol=1e-12)
    np.testing.assert_allclose(matrix.matrix()[:3, :3] @ [1, 0, 0], [0, 0, 1], atol=1e-12)


RIGID = np.eye(4)
SCALED = np.diag([1.01, 1.01, 1.01, 1])
MIRRORED = np.diag([1, 1, -1, 1])
TRANSPOSED = np.eye(4)
TRANSPOSED[3, 0] = 0.5
HUGE = np.diag([1e200, 1e200, 1e200, 1])


@pytest.mark.parametrize(
    ("initial", "code", "match"),
    [
        ({"T_cam_lidar": SCALED.tolist()}, "non-rigid-extrinsic", "R is no rotation: R\\^T R differs .* by 0.02"),
        ({"T_cam_lidar": MIRRORED.tolist()}, "non-rigid-extrinsic", "mirrors"),
        ({"T_cam_lidar": TRANSPOSED.tolist()}, "non-rigid-extrinsic", "transposed"),
        ({"T_cam_lidar": HUGE.tolist()}, "non-rigid-extrinsic", "no rotation"),
        ({"T_cam_lidar": np.zeros((4, 4)).tolist()}, "non-rigid-extrinsic", "last row"),
        ({"T_cam_lidar": RIGID[:3].tolist()}, "missing-field", r"T_cam_lidar\[3\]"),
        ({}, "invalid-extrinsic", "Give T_cam_lidar, or translation_m"),
        ({"T_cam_lidar": RIGID.tolist(), "rpy_deg": [0, 0, 0]}, "invalid-extrinsic", "stands alone"),
        ({"T_cam_lidar": RIGID.tolist(), "direction": "camera_to_lidar"}, "invalid-extrinsic", "stands alone"),
        ({"translation_m": [0, 0, 0]}, "invalid-extrinsic", "exactly one"),
        ({"rpy_deg": [0, 0, 0], "direction": "camera_to_lidar"}, "invalid-extrinsic", "translation_m"),
        (
            {"translation_m": [0, 0, 0], "rpy_deg": [0, 0, 0], "quaternion_wxyz": [1, 0, 0, 0]},
            "invalid-extrinsic",
            "exactly one",
        ),
        ({"translation_m": [0, 0, 0], "rpy_deg": [0, 0, 0]}, "invalid-extrinsic", "which way the transform goes"),
        (
            {"translation_m": [0, 0, 0], "quaternion_wxyz": [1, 1, 0, 0], "direction": "camera_to_lidar"},
            "non-rigid-extrinsic",
            "length 1; it has 1.41421",
        ),
        (
            {"translation_m": [0, 0, 0], "quaternion_xyzw": [0, 0, 0, 0], "direction": "camera_to_lidar"},
            "non-rigid-extrinsic",
            "it has 0",
        ),
        ({"translation_m": [0, 0, 0], "rpy_deg": [0, 0, 0], "direction": "up"}, "invalid-request", "direction"),
    ],
)
def test_what_is_no_extrinsic_is_refused(tmp_path, initial, code, match):
    """Each mistake has its code and its sentence."""
    path = tmp_path / "initial.json"
    path.write_text(json.dumps(initial))
    with pytest.raises(InputError, match=match) as caught:
        load_initial(path)
    assert caught.value.code == code
