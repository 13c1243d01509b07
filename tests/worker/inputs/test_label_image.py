"""Label images: class ids, exactly as the file stores them."""

import io

import numpy as np
import pytest
from PIL import Image

from worker.inputs import InputError, check_label_image_size, read_label_image


@pytest.mark.parametrize(
    ("bit_depth", "colour_type", "row", "ids"),
    [
        (1, 0, [0b01100000], [0, 1, 1]),
        (2, 0, [0b00011100], [0, 1, 3]),
        (4, 0, [0x0F, 0x50], [0, 15, 5]),
        (8, 0, [0, 255, 19], [0, 255, 19]),
        (16, 0, [0, 1, 255, 255, 1, 0], [1, 65535, 256]),
        (2, 3, [0b00011100], [0, 1, 3]),
        (8, 3, [2, 1, 0], [2, 1, 0]),
    ],
    ids=["gray1", "gray2", "gray4", "gray8", "gray16", "palette2", "palette8"],
)
def test_ids_are_those_of_the_file(make_png, bit_depth, colour_type, row, ids):
    """Neither stretched over the gray scale nor looked up in the palette."""
    labels = read_label_image(make_png(3, 1, bit_depth, colour_type, bytes([0, *row])))
    assert labels.dtype == np.uint16
    np.testing.assert_array_equal(labels, [ids])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colour_coded_labels_are_refused(mode):
    """Colours are no ids; the sentence says what to save instead."""
    stream = io.BytesIO()
    Image.new(mode, (2, 2)).save(stream, "PNG")
    with pytest.raises(InputError, match="grayscale PNG") as caught:
        read_label_image(stream.getvalue())
    assert caught.value.code == "unsupported-label-image"


def test_jpeg_labels_are_refused(valid_images):
    """Lossy compression invents ids along every border."""
    with pytest.raises(InputError, match="PNG") as caught:
        read_label_image(valid_images["image.jpeg"])
    assert caught.value.code == "unsupported-image-format"


def test_labels_must_cover_the_image():
    """Labels of another size are refused, with both sizes as width x height."""
    labels, image = np.zeros((4, 6), np.uint16), np.zeros((6, 4, 3), np.uint8)
    with pytest.raises(InputError, match="6x4 pixels, the camera image 4x6") as caught:
        check_label_image_size(labels.shape, image.shape)
    assert caught.value.code == "label-image-size"
    check_label_image_size(labels.shape, (4, 6, 3))


def test_real_labels_are_read(test_data):
    """RELLIS labels are the data set's own ids."""
    labels = read_label_image(test_data / "rellis_000104" / "image_labels.png")
    assert labels.shape == (1200, 1920)
    assert set(np.unique(labels)) <= set(range(35))
