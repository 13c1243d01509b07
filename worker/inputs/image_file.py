"""Image files opened with care: format and size from the header first, pixels only then."""

from PIL import Image

from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits
from worker.inputs.source import Data, stream_of

# The last chunk of every PNG: no data, its name, its checksum.
_PNG_END = b"IEND\xaeB`\x82"


def open_image(data: Data, formats: tuple[str, ...], limits: InputLimits) -> Image.Image:
    """Open an image of one of `formats`, check the size its header states, and decode it.

    Returns:
        The decoded image in the mode of the file.

    Raises:
        InputError: `unsupported-image-format`, `image-too-large` or `broken-image`.
    """
    image = _parse_header(data, formats, limits)
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
    try:
        image.load()
    except Exception as error:  # Pillow's decoders raise whatever the bytes provoke
        raise _broken(str(error)) from error
    return image


def stated_size(data: Data, formats: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the width and height that the header of an image of one of `formats` states; None where there is none."""
    try:
        with Image.open(stream_of(data), formats=formats) as image:
            return image.size
    except Exception:  # as above; what reads the image says what is wrong with it
        return None


def _parse_header(data: Data, formats: tuple[str, ...], limits: InputLimits) -> Image.Image:
    try:
        return Image.open(stream_of(data), formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(limits) from error
    except Exception as error:  # as above
        raise InputError(
            "unsupported-image-format",
            f"The file is not a readable {' or '.join(formats)} image: send it as {' or '.join(formats)}.",
        ) from error


def _too_large(limits: InputLimits) -> InputError:
    megapixels = limits.max_image_pixels / 1e6
    return InputError("image-too-large", f"The image has more than {megapixels:g} megapixels: send a smaller one.")


def _broken(reason: str) -> InputError:
    return InputError("broken-image", f"The image is damaged or truncated ({reason}): export or upload it again.")
