"""How large an input may be before it is refused."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InputLimits:
    """Bounds that a reader checks before it allocates anything.

    Attributes:
        max_image_pixels: Width times height of an image or label image.
        max_image_side: Width or height, as much as a JPEG has; a decoder keeps books of every row, and fifty million
            rows of one pixel take more than a gigabyte.
        max_points: Points of a cloud as they stand in the file.
        max_bytes: Size of one file.
        max_unpacked_bytes: Size of a compressed cloud once unpacked; the worst 64 MiB take 15 seconds to unpack.
    """

    max_image_pixels: int = 50_000_000
    max_image_side: int = 65_535
    max_points: int = 2_000_000
    max_bytes: int = 256 * 2**20
    max_unpacked_bytes: int = 64 * 2**20


DEFAULT_LIMITS = InputLimits()
