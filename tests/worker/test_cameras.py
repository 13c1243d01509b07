"""The core's camera from that of a request."""

import pytest

from worker.calibration.projections import (
    BrownConrady,
    DoubleSphereProjection,
    FisheyeProjection,
    PerspectiveProjection,
    UnifiedProjection,
)
from worker.cameras import camera_from_model
from worker.inputs.camera_model import CameraModel

K = ((700.0, 0.0, 600.0), (0.0, 710.0, 180.0), (0.0, 0.0, 1.0))


@pytest.mark.parametrize(
    ("model", "projection"),
    [
        ({}, None),
        ({"distortion": (0.0,) * 5}, None),
        ({"distortion": (0.1, 0.2, 0.0, 0.0)}, PerspectiveProjection(BrownConrady((0.1, 0.2, 0.0, 0.0)))),
        ({"distortion": (0.1,) * 8}, PerspectiveProjection(BrownConrady((0.1,) * 8))),
        ({"model": "fisheye"}, FisheyeProjection()),
        ({"model": "fisheye", "distortion": (0.1, 0.2, 0.3, 0.4)}, FisheyeProjection((0.1, 0.2, 0.3, 0.4))),
        ({"model": "omnidirectional", "xi": 1.5}, UnifiedProjection(1.5)),
        ({"model": "double_sphere", "xi": -0.2, "alpha": 0.6}, DoubleSphereProjection(-0.2, 0.6)),
    ],
)
def test_every_model_has_its_projection(model, projection):
    """Size and intrinsics are kept; a pinhole that distorts nothing is the ideal one."""
    camera = camera_from_model(CameraModel(K=K, **model), 1241, 376)
    assert (camera.width, camera.height) == (1241, 376)
    assert camera.K.tolist() == [list(row) for row in K]
    assert camera.projection == projection
