"""Readers and checks of what callers send: numpy and Pillow only, and pydantic for the request."""

from worker.inputs.cloud import PointCloud, check_point_label_count
from worker.inputs.errors import InputError, InputErrorCode
from worker.inputs.image import check_image, image_size, read_image
from worker.inputs.label_image import check_label_image, check_label_image_size, read_label_image
from worker.inputs.limits import InputLimits
from worker.inputs.point_cloud import check_point_cloud, read_point_cloud
from worker.inputs.point_labels import check_point_labels, read_point_labels
from worker.inputs.source import map_file

__all__ = [
    "InputError",
    "InputErrorCode",
    "InputLimits",
    "PointCloud",
    "check_image",
    "check_label_image",
    "check_label_image_size",
    "check_point_cloud",
    "check_point_label_count",
    "check_point_labels",
    "image_size",
    "map_file",
    "read_image",
    "read_label_image",
    "read_point_cloud",
    "read_point_labels",
]
