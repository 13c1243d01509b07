"""From the camera of a request to the camera of the core."""

from __future__ import annotations

from worker.calibration.camera import Camera
from worker.calibration.projections import (
    BrownConrady,
    DoubleSphereProjection,
    FisheyeProjection,
    PerspectiveProjection,
    Projection,
    UnifiedProjection,
)
from worker.inputs.camera_model import CameraModel


def camera_from_model(model: CameraModel, width: int, height: int) -> Camera:
    """Return the camera that takes images of `width` x `height` pixels."""
    return Camera(model.matrix(), width, height, _projection(model))


def _projection(model: CameraModel) -> Projection | None:
    coefficients = model.coefficients()
    match model.model:
        case "pinhole":
            return PerspectiveProjection(BrownConrady(coefficients)) if coefficients else None
        case "fisheye":
            k1, k2, k3, k4 = coefficients or (0.0, 0.0, 0.0, 0.0)
            return FisheyeProjection((k1, k2, k3, k4))
        case "omnidirectional":
            return UnifiedProjection(model.xi or 0.0, BrownConrady(coefficients))
        case "double_sphere":
            return DoubleSphereProjection(model.xi or 0.0, model.alpha or 0.0)
