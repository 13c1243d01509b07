"""The one error that every reader and check of this package raises."""

from typing import Literal

InputErrorCode = Literal[
    # files
    "unreadable-file",
    "file-too-large",
    # images and label images
    "unsupported-image-format",
    "image-too-large",
    "broken-image",
    "unsupported-label-image",
    "label-image-size",
    # point clouds and point labels
    "unsupported-point-cloud-format",
    "invalid-point-cloud",
    "truncated-point-cloud",
    "too-many-points",
    "empty-point-cloud",
    "no-finite-point",
    "unsupported-point-label-format",
    "invalid-point-labels",
    "point-label-count",
    # the request
    "invalid-json",
    "invalid-request",
    "missing-field",
    "unknown-field",
    "invalid-camera",
    "unsupported-distortion",
    "invalid-extrinsic",
    "non-rigid-extrinsic",
    "missing-segmentation",
    "ambiguous-segmentation",
    "missing-label-map",
    "unused-label-map",
    "tracking-without-evaluation",
    # frame folders and calibration files, which the command line reads
    "invalid-frame-folder",
    "invalid-calibration-file",
]


class InputError(ValueError):
    """Something a caller sent cannot be used.

    Attributes:
        code: Stable kebab-case slug of the kind of problem; clients may rely on it.
        message: A sentence that says what is wrong and what to change.
    """

    def __init__(self, code: InputErrorCode, message: str) -> None:
        super().__init__(message)
        self.code: InputErrorCode = code
        self.message = message
