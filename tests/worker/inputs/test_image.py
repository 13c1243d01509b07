"""Camera images: what is read, and what is refused before it is decoded."""

import io
import time
import tracemalloc
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFile

from worker.inputs import InputError, InputLimits, check_image, read_image

PIXELS = np.random.default_rng(1).integers(0, 256, (7, 9, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def decoded_pixels(use: Callable[[], object]) -> int:
    """Return how many pixels Pillow decodes while `use` is called."""
    decoded = []
    load = ImageFile.ImageFile.load

    def counting_load(image: ImageFile.ImageFile) -> object:
        loaded = load(image)
        decoded.append(image.width * image.height)
        return loaded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageFile.ImageFile, "load", counting_load)
        use()
    return max(decoded, default=0)


def test_png_is_read_exactly(tmp_path):
    """A colour PNG comes back pixel by pixel, from bytes and from a file, as an array that may be written to."""
    data = encoded(Image.fromarray(PIXELS), "PNG")
    (tmp_path / "image.png").write_bytes(data)
    for source in (data, tmp_path / "image.png"):
        image = read_image(source)
        assert image.dtype == np.uint8
        assert image.flags.writeable
        np.testing.assert_array_equal(image, PIXELS)


def test_jpeg_is_read_as_rgb():
    """A JPEG's red stays the first channel."""
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    image = read_image(encoded(Image.fromarray(red), "JPEG", quality=95))
    assert np.abs(image.astype(int) - red).max() < 10


@pytest.mark.parametrize(
    ("bit_depth", "colour_type", "row", "expected"),
    [
        (8, 0, [3, 250], [[3, 3, 3], [250, 250, 250]]),
        (16, 0, [0x12, 0x99, 0xFF, 0xFF], [[0x12] * 3, [0xFF] * 3]),
        (16, 2, [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0], [[1, 2, 3], [4, 5, 6]]),
        (8, 6, [1, 2, 3, 0, 4, 5, 6, 128], [[1, 2, 3], [4, 5, 6]]),
        (8, 4, [7, 0, 9, 255], [[7, 7, 7], [9, 9, 9]]),
        (8, 3, [0, 2], [[0, 1, 2], [6, 7, 8]]),
        (1, 0, [0b01000000], [[0, 0, 0], [255, 255, 255]]),
    ],
    ids=["gray", "gray16", "rgb16", "rgba", "gray-alpha", "palette", "bilevel"],
)
def test_every_kind_of_png_becomes_rgb(make_png, bit_depth, colour_type, row, expected):
    """Gray is repeated, 16 bits keep the high byte, alpha is dropped without darkening, palettes are looked up."""
    image = read_image(make_png(2, 1, bit_depth, colour_type, bytes([0, *row])))
    np.testing.assert_array_equal(image, [expected])


def test_exif_orientation_is_not_applied():
    """The pixels stay as the sensor wrote them, because K belongs to those."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    data = encoded(Image.new("RGB", (32, 16)), "JPEG", exif=exif)
    assert read_image(data).shape == (16, 32, 3)


@pytest.mark.parametrize("as_errors", [False, True])
def test_hundred_megapixels_are_refused_without_decoding(make_png, as_errors):
    """The header alone decides: no memory is taken, whatever Pillow's warnings are set to."""
    data = make_png(10_000, 10_001, 8, 2, b"")
    tracemalloc.start()
    start = time.perf_counter()
    with warnings.catch_warnings(), pytest.raises(InputError) as caught:
        warnings.simplefilter("error" if as_errors else "ignore")
        read_image(data)
    seconds, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == "image-too-large"
    assert "50 megapixels" in caught.value.message
    assert peak < 2**20
    assert seconds < 0.5


@pytest.mark.parametrize("size", [(1, 65_536), (49_000_000, 1)])
def test_images_of_one_row_or_column_are_refused(make_png, size):
    """Decoders keep books of every row: one of fifty million took 1.3 GB."""
    with pytest.raises(InputError, match=f"{size[0]}x{size[1]} pixels; neither side") as caught:
        read_image(make_png(*size, 8, 0, b""))
    assert caught.value.code == "image-too-large"


def test_pixel_limit_is_the_callers(make_png):
    """An image of exactly the limit passes, one pixel more does not."""
    image = make_png(3, 2, 8, 0, bytes(8))
    assert read_image(image, InputLimits(max_image_pixels=6)).shape == (2, 3, 3)
    with pytest.raises(InputError, match="megapixels"):
        read_image(image, InputLimits(max_image_pixels=5))


@pytest.mark.parametrize("name", ["image.png", "image.jpeg"])
def test_truncated_image_is_refused_wherever_it_is_cut(valid_images, name):
    """No prefix of an image passes as the image."""
    data = valid_images[name]
    read_image(data)
    for length in range(len(data)):
        with pytest.raises(InputError) as caught:
            read_image(data[:length])
        assert caught.value.code in {"broken-image", "unsupported-image-format"}


@pytest.mark.parametrize("use", [read_image, check_image])
def test_a_png_that_changed_since_it_was_written_is_refused(use):
    """A bit of its pixels, or of their checksum: whichever it is, they do not fit each other any more."""
    png = encoded(Image.fromarray(PIXELS), "PNG", compress_level=0)
    in_pixels, in_their_checksum = png.index(b"IDAT") + PIXELS.size // 2, png.index(b"IEND") - 5
    for at in (in_pixels, in_their_checksum):
        data = bytearray(png)
        data[at] ^= 1
        with pytest.raises(InputError, match="damaged or truncated") as refused:
            use(bytes(data))
        assert refused.value.code == "broken-image"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_checking_an_image_takes_a_fraction_of_reading_it(kind):
    """The API checks in its own memory and on its own core what a worker decodes."""
    pixels = np.random.default_rng(2).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(pixels), kind)
    assert check_image(data) == (1200, 1600)
    assert decoded_pixels(lambda: check_image(data)) <= pixels[..., 0].size / 64
    assert decoded_pixels(lambda: read_image(data)) == pixels[..., 0].size


def test_other_files_are_no_images(tmp_path):
    """Other image formats, text, nothing at all and a missing file each get a sentence."""
    gif = encoded(Image.new("L", (2, 2)), "GIF")
    for data in (gif, b"hello", b""):
        with pytest.raises(InputError, match="PNG or JPEG") as caught:
            read_image(data)
        assert caught.value.code == "unsupported-image-format"
    with pytest.raises(InputError, match="check the path") as caught:
        read_image(tmp_path / "absent.png")
    assert caught.value.code == "unreadable-file"


def test_file_above_the_byte_limit_is_refused(tmp_path):
    """A large file is not read whole to find out that it is too large."""
    path = tmp_path / "image.png"
    with path.open("wb") as file:
        file.truncate(2**32)
    tracemalloc.start()
    with pytest.raises(InputError, match="1 MiB") as caught:
        read_image(path, InputLimits(max_bytes=2**20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "file-too-large"
    assert peak < 4 * 2**20


def test_real_frames_are_read(test_data):
    """The images of the real frames come in at the sizes their data sets state."""
    assert read_image(test_data / "kitti00_000000" / "image.png").shape == (376, 1241, 3)
    assert read_image(test_data / "waymo_00000" / "image.jpg").shape == (1280, 1920, 3)
