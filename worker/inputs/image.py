"""Camera images, PNG or JPEG, as RGB arrays."""

import numpy as np
import numpy.typing as npt

from worker.inputs.image_file import check_image_file, open_image, stated_size
from worker.inputs.limits import DEFAULT_LIMITS, InputLimits
from worker.inputs.source import Source, read_source

_FORMATS = ("PNG", "JPEG")


def check_image(source: Source, limits: InputLimits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Refuse what `read_image` refuses, as far as `check_image_file` can tell, and return height and width of the rest.

    Raises:
        InputError: As `read_image`.
    """
    header = check_image_file(read_source(source, limits), _FORMATS, limits)
    return header.height, header.width


def read_image(source: Source, limits: InputLimits = DEFAULT_LIMITS) -> npt.NDArray[np.uint8]:
    """Read a camera image as (H, W, 3) uint8 RGB.

    Grayscale is repeated into three channels, 16-bit samples keep their high byte, an alpha channel is dropped. The
    EXIF orientation is not applied: the intrinsics describe the pixels as the sensor wrote them, and turning the image
    would leave K pointing at the wrong places.

    Raises:
        InputError: `unreadable-file`, `file-too-large`, `unsupported-image-format`, `image-too-large`, `broken-image`.
    """
    image = open_image(read_source(source, limits), _FORMATS, limits)
    if image.mode.startswith("I"):
        # Pillow would clip 16-bit grayscale at 255 instead of scaling it.
        gray = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(gray[..., np.newaxis], 3, axis=2)
    return np.array(image.convert("RGB"))


def image_size(source: Source, limits: InputLimits = DEFAULT_LIMITS) -> tuple[int, int] | None:
    """Return width and height as the header states them, for comparing only; None where `read_image` would refuse it.

    Raises:
        InputError: `unreadable-file` or `file-too-large`.
    """
    return stated_size(read_source(source, limits), _FORMATS)
