"""Projections other than the ideal pinhole: where rays go, how gradients travel back, how far a model holds."""

from worker.calibration.projections.brown_conrady import BrownConrady
from worker.calibration.projections.double_sphere import DoubleSphereProjection
from worker.calibration.projections.fisheye import FisheyeProjection
from worker.calibration.projections.perspective import PerspectiveProjection
from worker.calibration.projections.projection import Projection
from worker.calibration.projections.unified import UnifiedProjection

__all__ = [
    "BrownConrady",
    "DoubleSphereProjection",
    "FisheyeProjection",
    "PerspectiveProjection",
    "Projection",
    "UnifiedProjection",
]
