"""Readers and checks of what callers send: numpy and Pillow only, and pydantic for the request."""

from worker.inputs.cloud import PointCloud
from worker.inputs.errors import InputError, InputErrorCode
from worker.inputs.image import read_image
from worker.inputs.label_image import check_label_image_size, read_label_image
from worker.inputs.limits import InputLimits
from worker.inputs.point_cloud import read_point_cloud
from worker.inputs.point_labels import read_point_labels

__all__ = [
    "InputError",
    "InputErrorCode",
    "InputLimits",
    "PointCloud",
    "check_label_image_size",
    "read_image",
    "read_label_image",
    "read_point_cloud",
    "read_point_labels",
]
