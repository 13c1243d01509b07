"""Image files opened with care: format and size from the header first, pixels only then, and only where they count."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits
from worker.inputs.source import Data, stream_of

# The last chunk of every PNG: no data, its name, its checksum.
_PNG_END = b"IEND\xaeB`\x82"


@dataclass(frozen=True)
class ImageHeader:
    """What the header of an image says: height and width in pixels, and the mode that Pillow gives its pixels."""

    height: int
    width: int
    mode: str


def open_image(data: Data, formats: tuple[str, ...], limits: InputLimits) -> Image.Image:
    """Open an image of one of `formats`, check the size its header states, and decode it.

    Returns:
        The decoded image in the mode of the file.

    Raises:
        InputError: `unsupported-image-format`, `image-too-large` or `broken-image`.
    """
    image = _parse_header(data, formats, limits)
    if image.format == "PNG":
        # Decoding does not compare the checksums of pixels. What was verified cannot be decoded any more.
        with _damage_named():
            image.verify()
        image = _parse_header(data, formats, limits)
    with _damage_named():
        image.load()
    return image


def check_image_file(data: Data, formats: tuple[str, ...], limits: InputLimits) -> ImageHeader:
    """Refuse what `open_image` refuses, in a fraction of its time and of its memory.

    The checksums of a PNG are compared; a JPEG, which has none, is decoded to an eighth of its size. What is left to
    `open_image` is a PNG that was written wrong, checksums and all.

    Raises:
        InputError: As `open_image`.
    """
    image = _parse_header(data, formats, limits)
    header = ImageHeader(image.height, image.width, image.mode)
    with _damage_named():
        if image.format == "PNG":
            image.verify()
        else:
            image.draft(None, (1, 1))
            image.load()
    return header


def stated_size(data: Data, formats: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the width and height that the header of an image of one of `formats` states; None where there is none."""
    try:
        with Image.open(stream_of(data), formats=formats) as image:
            return image.size
    except Exception:  # Pillow raises whatever the bytes provoke; what reads the image says what is wrong with it
        return None


def _parse_header(data: Data, formats: tuple[str, ...], limits: InputLimits) -> Image.Image:
    """Open an image whose size is one that may be decoded."""
    try:
        image = Image.open(stream_of(data), formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(limits) from error
    except Exception as error:  # Pillow raises whatever the bytes provoke
        raise InputError(
            "unsupported-image-format",
            f"The file is not a readable {' or '.join(formats)} image: send it as {' or '.join(formats)}.",
        ) from error
    if image.width * image.height > limits.max_image_pixels:
        raise _too_large(limits)
    if max(image.size) > limits.max_image_side:
        raise InputError(
            "image-too-large",
            f"The image is {image.width}x{image.height} pixels; neither side may be longer than "
            f"{limits.max_image_side}: send the camera's own image.",
        )
    # Pillow fills the rest of a PNG that stops early with zeros.
    if image.format == "PNG" and data.find(_PNG_END) < 0:
        raise _broken("it ends before its last chunk")
    return image


@contextlib.contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # as for headers
        raise _broken(str(error)) from error


def _too_large(limits: InputLimits) -> InputError:
    megapixels = limits.max_image_pixels / 1e6
    return InputError("image-too-large", f"The image has more than {megapixels:g} megapixels: send a smaller one.")


def _broken(reason: str) -> InputError:
    return InputError("broken-image", f"The image is damaged or truncated ({reason}): export or upload it again.")
