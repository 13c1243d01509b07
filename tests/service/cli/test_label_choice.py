"""Where the classes of a demonstration come from."""

import shutil
from pathlib import Path

import pytest

from models.catalogue import Modality
from service.cli.label_choice import choose_labels
from worker.inputs.frame_folder import FrameFolder

MODALITIES: tuple[tuple[Modality, str], ...] = (("image", "image_labels.png"), ("cloud", "labels.label"))


@pytest.mark.parametrize(("modality", "file"), MODALITIES)
def test_labels_beside_the_frame_go_before_everything_but_a_name(
    frame_folder: Path, modality: Modality, file: str
) -> None:
    """They come with what their ids mean; a network that the user names goes before them."""
    folder = FrameFolder(frame_folder)
    beside = choose_labels(folder, modality, None, take_files=True, otherwise="some-network")
    assert beside.file == frame_folder / file
    assert "car" in (beside.names() or {}).values()
    assert choose_labels(folder, modality, "named", take_files=True).model == "named"


@pytest.mark.parametrize(("modality", "file"), MODALITIES)
def test_labels_nobody_asked_for_are_left_alone(frame_folder: Path, modality: Modality, file: str) -> None:
    """Without leave to take them, the network stands in, or `auto`."""
    folder = FrameFolder(frame_folder)
    assert choose_labels(folder, modality, None, take_files=False, otherwise="some-network").model == "some-network"
    choice = choose_labels(folder, modality, None, take_files=False)
    assert choice.model is None
    assert choice.file is None


def test_labels_without_names_are_no_labels(frame_folder: Path, tmp_path: Path) -> None:
    """Ids that nobody explained cannot be used."""
    shutil.copytree(frame_folder, tmp_path / "frame")
    (tmp_path / "frame" / "image_classes.json").unlink()
    choice = choose_labels(FrameFolder(tmp_path / "frame"), "image", None, take_files=True)
    assert choice.file is None
