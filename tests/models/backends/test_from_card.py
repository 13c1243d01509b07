"""Networks loaded by the name of their card."""

import numpy as np
import pytest
from tiny_networks import CLOUD_CLASSES, image_onnx, points_onnx, write_card

from models import ModelNotAvailableError, UnknownModelError, load_cloud_model, load_image_model
from models.errors import CardError, NetworkFailedError

IMAGE = np.zeros((8, 12, 3), np.uint8)
POINTS = np.eye(4, dtype=np.float32)[:3]
PYTHON = '''
import numpy as np


class Sums:
    """Scores three classes by nothing in particular."""

    def __init__(self, folder, device):
        self.offset = float((folder / "offset.txt").read_text())

    def __call__(self, array):
        if array.ndim == 2:
            return np.full((len(array), 3), self.offset, np.float32)
        return np.full((6, 4, 4), self.offset, np.float32)


class Broken:
    def __init__(self, folder, device):
        raise RuntimeError("no licence server")


class Failing:
    def __init__(self, folder, device):
        pass

    def __call__(self, array):
        return array.no_such_thing


NotCallable = lambda folder, device: 3
'''


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """Return the folder of cards that the environment names."""
    monkeypatch.setenv("SEMALIGN_MODELS_CARDS", str(tmp_path / "cards"))
    monkeypatch.setenv("SEMALIGN_MODELS_DIR", str(tmp_path / "store"))
    (tmp_path / "cards").mkdir()
    return tmp_path / "cards"


def exported(file: str, kind: str) -> dict:
    """Return the part of a card about an ONNX file."""
    return {"format": "onnx", "file": file, "input": {"kind": kind}}


def test_an_image_network_by_its_name(cards):
    """The card's classes are the names of the segmentation."""
    image_onnx(cards / "net.onnx")
    write_card(cards / "my-net.yaml", segments="image", network=exported("net.onnx", "image"), classes=["a", "b", "c"])
    model = load_image_model("my-net")
    assert model.name == "my-net"
    assert model.segment(IMAGE).class_names == {0: "a", 1: "b", 2: "c"}


def test_a_cloud_network_by_its_name(cards):
    """The same for points."""
    points_onnx(cards / "net.onnx")
    write_card(cards / "pts.yaml", segments="cloud", network=exported("net.onnx", "points"), classes=CLOUD_CLASSES)
    assert load_cloud_model("pts").segment(POINTS).labels.tolist() == [0, 1, 2]


class TestPython:
    """A class of your own beside the card."""

    @pytest.fixture
    def python_card(self, cards):
        """Return a writer of cards about a class of the file."""
        (cards / "mine.py").write_text(PYTHON)
        (cards / "offset.txt").write_text("0.25")
        return lambda segments, name: write_card(
            cards / "mine.yaml",
            segments=segments,
            network={"format": "python", "file": "mine.py", "object": name},
            classes=CLOUD_CLASSES,
        )

    def test_it_segments_images_and_clouds(self, python_card):
        """It is made with the card's folder, and called with an image or with points."""
        python_card("image", "Sums")
        assert load_image_model("mine").segment(IMAGE).scores.max() == 0.25
        python_card("cloud", "Sums")
        assert load_cloud_model("mine").segment(POINTS).scores.shape == (3, 3)

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("Broken", "RuntimeError: no licence server"),
            ("NotCallable", "cannot be called"),
            ("Absent", "has no attribute 'Absent'"),
        ],
    )
    def test_what_goes_wrong_in_it_is_said(self, python_card, name, sentence):
        """With its own words."""
        python_card("cloud", name)
        with pytest.raises(NetworkFailedError, match=sentence):
            load_cloud_model("mine")

    @pytest.mark.parametrize("segments", ["image", "cloud"])
    def test_what_goes_wrong_when_it_runs_is_said(self, python_card, segments):
        """And where: the line is one of the user's own file."""
        python_card(segments, "Failing")
        load, array = (load_image_model, IMAGE) if segments == "image" else (load_cloud_model, POINTS)
        with pytest.raises(NetworkFailedError, match=r"AttributeError: .*no_such_thing.*\(mine\.py, line 27\)"):
            load("mine").segment(array)


def test_a_network_that_segments_the_other_is_refused(cards):
    """An image card cannot segment clouds."""
    write_card(cards / "my-net.yaml", segments="image", network=exported("net.onnx", "image"), classes=["a"])
    with pytest.raises(UnknownModelError, match="'my-net' segments images, not clouds"):
        load_cloud_model("my-net")


def test_a_card_may_not_take_the_name_of_the_catalogue(cards):
    """It would be unclear which of the two a result came from."""
    write_card(cards / "espnetv2_s2_cityscapes.yaml", segments="image", network=exported("n", "image"), classes=["a"])
    with pytest.raises(CardError, match="give the card's file another name"):
        load_image_model("espnetv2_s2_cityscapes")


def test_a_missing_file_is_named(cards):
    """Before anything is loaded."""
    write_card(cards / "my-net.yaml", segments="image", network=exported("net.onnx", "image"), classes=["a"])
    with pytest.raises(ModelNotAvailableError, match=r"net\.onnx is missing"):
        load_image_model("my-net")


def test_unknown_names_are_answered_with_cards_too(cards):
    """The sentence lists everything there is."""
    write_card(cards / "my-net.yaml", segments="image", network=exported("net.onnx", "image"), classes=["a"])
    with pytest.raises(UnknownModelError, match=r"espnetv2_s2_cityscapes.*my-net"):
        load_image_model("nope")
