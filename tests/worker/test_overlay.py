"""The overlay paints each LiDAR point in the colour of its class where it is projected."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from worker.calibration.camera import Camera
from worker.calibration.frame import ClassTable, Frame
from worker.overlay import overlay_png

CAMERA = Camera(np.array([[100.0, 0, 50], [0, 100, 30], [0, 0, 1]]), 101, 61)
NAMES = {1: "car", 2: "road", 3: "crane"}


def make_frame(points: list[tuple[float, float, float]], labels: list[int]) -> Frame:
    table = ClassTable(NAMES, NAMES)
    points = np.array(points, np.float32).reshape(-1, 3)
    return Frame(np.zeros((61, 101), np.uint8), table, points, np.array(labels, np.uint16), table)


def draw(frame: Frame, image: np.ndarray | None = None, T_cam_lidar: np.ndarray | None = None) -> np.ndarray:
    """Return the decoded overlay (H, W, 3)."""
    image = np.full((61, 101, 3), 100, np.uint8) if image is None else image
    png = overlay_png(image, frame, CAMERA, np.eye(4) if T_cam_lidar is None else T_cam_lidar)
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return np.array(picture)


def painted(picture: np.ndarray) -> set[tuple[int, int]]:
    """Return the (u, v) that differ from the dimmed background."""
    return {(int(u), int(v)) for v, u in np.argwhere((picture != 60).any(-1))}


def test_it_has_the_size_of_the_image():
    """The picture can be laid over the one that was sent."""
    assert draw(make_frame([], [])).shape == (61, 101, 3)


def test_without_points_it_is_the_dimmed_image():
    """The image shows through, darker, and nothing else."""
    image = np.random.default_rng(0).integers(0, 255, (61, 101, 3), dtype=np.uint8)
    np.testing.assert_array_equal(draw(make_frame([], []), image), (image * 0.6).astype(np.uint8))


def test_a_point_is_painted_where_it_is_projected():
    """A two pixel square at the projection, in the colour of the class; each class has its own."""
    picture = draw(make_frame([(0, 0, 10), (2, 1, 10)], [1, 2]))
    assert painted(picture) == {(50, 30), (51, 30), (50, 31), (51, 31), (70, 40), (71, 40), (70, 41), (71, 41)}
    car, road = picture[30, 50], picture[40, 70]
    assert car.tolist() == [255, 64, 64]
    assert road.tolist() == [196, 96, 255]
    assert (picture[31, 51] == car).all()


def test_the_extrinsic_moves_the_points():
    """Another T_cam_lidar paints them elsewhere."""
    T_cam_lidar = np.eye(4)
    T_cam_lidar[0, 3] = 1.0
    assert (60, 30) in painted(draw(make_frame([(0, 0, 10)], [1]), T_cam_lidar=T_cam_lidar))


@pytest.mark.parametrize("label", [0, 3, 60000])
def test_classes_without_a_colour_are_grey(label):
    """Unnamed ids and names nobody thought of are shown, not lost."""
    assert draw(make_frame([(0, 0, 10)], [label]))[30, 50].tolist() == [150, 150, 150]


def test_points_out_of_view_are_not_painted():
    """Behind the camera and beside the image."""
    assert painted(draw(make_frame([(0, 0, -10), (30, 0, 10), (0, -30, 10)], [1, 1, 1]))) == set()


def test_near_points_cover_far_ones():
    """In whatever order the sweep holds them."""
    for order in (slice(None), slice(None, None, -1)):
        points, labels = [(0, 0, 10), (0, 0, 20)][order], [1, 2][order]
        assert draw(make_frame(points, labels))[30, 50].tolist() == [255, 64, 64]


def test_points_at_the_border_stay_inside():
    """A square that would stick out is cut at the last row and column."""
    assert painted(draw(make_frame([(5.0, 3.0, 10)], [1]))) == {(100, 60)}


def test_squares_grow_with_the_image():
    """On a large photograph two pixels would not be seen."""
    camera = replace(CAMERA, width=3100, height=61)
    table = ClassTable(NAMES, NAMES)
    frame = Frame(
        np.zeros((61, 3100), np.uint8), table, np.array([[0, 0, 10]], np.float32), np.array([1], np.uint8), table
    )
    png = overlay_png(np.full((61, 3100, 3), 100, np.uint8), frame, camera, np.eye(4))
    picture = np.array(Image.open(io.BytesIO(png)))
    assert len(painted(picture)) == 25


def test_the_street_is_painted_in_its_own_classes(street):
    """At the true extrinsic, nearly every painted pixel has the class that the image has there."""
    black = np.zeros((188, 620, 3), np.uint8)
    png = overlay_png(black, street.frame, street.camera, street.T_cam_lidar)
    picture = np.array(Image.open(io.BytesIO(png))).astype(int)
    for name, colour in (("car", (255, 64, 64)), ("road", (196, 96, 255))):
        mask = (picture == colour).all(-1)
        assert mask.sum() > 1000
        (label,) = street.frame.image_classes.ids_of(name)
        assert (street.image_labels[mask] == label).mean() > 0.9
