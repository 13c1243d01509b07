"""Segmentation networks, weight catalogue and label taxonomy.

Importing this package loads no torch; loading a model does.
"""

from models.backends.protocols import CloudSegmenter, ImageSegmenter
from models.backends.registry import load_cloud_model, load_image_model
from models.errors import ModelError, ModelIntegrityError, ModelNotAvailableError, UnknownModelError
from models.segmentation import Segmentation

__all__ = [
    "CloudSegmenter",
    "ImageSegmenter",
    "ModelError",
    "ModelIntegrityError",
    "ModelNotAvailableError",
    "Segmentation",
    "UnknownModelError",
    "load_cloud_model",
    "load_image_model",
]
