"""The camera of a request: a pinhole with sensible intrinsics."""

import json

import numpy as np
import pytest

from worker.inputs import InputError
from worker.inputs.request import load_camera

K = [[718.856, 0, 607.19], [0, 718.856, 185.21], [0, 0, 1]]


@pytest.fixture
def read(tmp_path):
    def read_camera(text: str):
        path = tmp_path / "camera.json"
        path.write_text(text)
        return load_camera(path)

    return read_camera


def test_camera_file_is_read(read):
    """The file holds the `camera` object of a request; model and distortion may be left out."""
    camera = read(json.dumps({"K": K}))
    np.testing.assert_array_equal(camera.matrix(), K)
    assert camera.model == "pinhole"
    assert camera.distortion == ()


def test_skew_and_zero_distortion_are_a_pinhole(read):
    """A skewed pixel is linear, and coefficients that are all zero distort nothing."""
    camera = read(json.dumps({"K": [[700, 0.5, 600], [0, 710, 180], [0, 0, 1]], "distortion": [0, 0, 0, 0, 0]}))
    assert camera.matrix()[0, 1] == 0.5


@pytest.mark.parametrize(
    ("camera", "coefficients"),
    [
        ({"distortion": [-0.1, 0.2, 0, 0]}, (-0.1, 0.2, 0, 0)),
        ({"distortion": [-0.1, 0.2, 0, 0, 0.01]}, (-0.1, 0.2, 0, 0, 0.01)),
        ({"distortion": [0.1] * 8 + [0] * 6}, (0.1,) * 8),
        ({"distortion": [0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}, (0.1, 0, 0, 0)),
        ({"model": "fisheye", "distortion": [0.1, 0.2, 0.3, 0.4]}, (0.1, 0.2, 0.3, 0.4)),
        ({"model": "fisheye"}, ()),
        ({"model": "omnidirectional", "xi": 1.2, "distortion": [0.1, 0.2, 0, 0]}, (0.1, 0.2, 0, 0)),
        ({"model": "double_sphere", "xi": -0.2, "alpha": 0.6}, ()),
    ],
)
def test_every_camera_model_is_read(read, camera, coefficients):
    """With the coefficients it takes; zeros that OpenCV pads with do no harm."""
    assert read(json.dumps({"K": K, **camera})).coefficients() == coefficients


@pytest.mark.parametrize(
    ("camera", "code", "match"),
    [
        ({"K": [[0, 0, 6], [0, 7, 1], [0, 0, 1]]}, "invalid-camera", "focal lengths"),
        ({"K": [[7, 0, 6], [0, -7, 1], [0, 0, 1]]}, "invalid-camera", "7.0 and -7.0"),
        ({"K": [[7, 0, 0], [0, 7, 0], [6, 1, 1]]}, "invalid-camera", "transposed"),
        ({"K": [[7, 0, 6], [1, 7, 1], [0, 0, 1]]}, "invalid-camera", "transposed"),
        ({"K": [[7, 0, 6], [0, 7, 1]]}, "missing-field", r"K\[2\]"),
        ({"K": [[7, 0, 6], [0, "7", 1], [0, 0, 1]]}, "invalid-request", r"K\[1\]\[1\]"),
        ({"K": [[7, 0, 6], [0, True, 1], [0, 0, 1]]}, "invalid-request", r"K\[1\]\[1\]"),
        ({"K": [[7, 0, float("nan")], [0, 7, 1], [0, 0, 1]]}, "invalid-request", "finite"),
        ({"K": [[7, 0, float("inf")], [0, 7, 1], [0, 0, 1]]}, "invalid-request", "finite"),
        ({"K": K, "distortion": [-0.1, 0.2]}, "unsupported-distortion", "4 or 5 or 8 .* not 2"),
        ({"K": K, "distortion": [0.1] * 14}, "unsupported-distortion", "not 14"),
        ({"K": K, "model": "fisheye", "distortion": [0.1] * 5}, "unsupported-distortion", "takes 4"),
        (
            {"K": K, "model": "double_sphere", "xi": 0, "alpha": 0.5, "distortion": [0.1]},
            "unsupported-distortion",
            "no",
        ),
        ({"K": K, "model": "omnidirectional"}, "invalid-camera", "takes xi; given: none"),
        ({"K": K, "model": "omnidirectional", "xi": -0.5}, "invalid-camera", "0 or more"),
        ({"K": K, "model": "double_sphere", "xi": 1.5, "alpha": 0.5}, "invalid-camera", "between -1 and 1"),
        ({"K": K, "model": "double_sphere", "xi": 0.5}, "invalid-camera", "xi and alpha; given: xi"),
        ({"K": K, "alpha": 0.5}, "invalid-camera", "neither xi nor alpha"),
        ({"K": K, "model": "equirectangular"}, "invalid-request", "model"),
        ({"K": K, "width": 1241}, "unknown-field", "width"),
        ({}, "missing-field", "K: this value is missing"),
    ],
)
def test_wrong_cameras_are_refused(read, camera, code, match):
    """Each with its code and a sentence that names the place."""
    with pytest.raises(InputError, match=match) as caught:
        read(json.dumps(camera))
    assert caught.value.code == code


def test_files_that_are_no_json(read, tmp_path):
    """The sentence names the file."""
    with pytest.raises(InputError, match=r"camera\.json") as caught:
        read("K: 1")
    assert caught.value.code == "invalid-json"
    with pytest.raises(InputError, match="check the path") as caught:
        load_camera(tmp_path / "absent.json")
    assert caught.value.code == "unreadable-file"
