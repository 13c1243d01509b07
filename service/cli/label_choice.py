"""Where the classes of a demonstration's frame come from: a network, or labels that lie beside the frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.catalogue import Modality
from service.cli.json_object import read_json_object
from worker.inputs.frame_folder import FrameFolder


@dataclass(frozen=True)
class LabelChoice:
    """The classes of one modality: from a network, or from a file of ids with a file of their names.

    Attributes:
        model: name of the network; None with no file either leaves the choice to `auto`.
        file: class ids of pixels or points.
        names_file: JSON, id to name.
    """

    model: str | None = None
    file: Path | None = None
    names_file: Path | None = None

    def names(self) -> dict[str, str] | None:
        """Read what the ids mean; None where a network is the source."""
        return None if self.names_file is None else read_json_object(self.names_file)


def choose_labels(
    folder: FrameFolder, modality: Modality, named: str | None, *, take_files: bool, otherwise: str | None = None
) -> LabelChoice:
    """Choose where the classes of one modality come from.

    Args:
        folder: the frame.
        modality: what is segmented.
        named: the network the user asked for, which goes before everything else.
        take_files: take the frame's own labels where it has some and says what they mean.
        otherwise: the network to take where there is nothing else; None leaves the choice to `auto`.
    """
    if named is not None:
        return LabelChoice(model=named)
    return (_labels_of(folder, modality) if take_files else None) or LabelChoice(model=otherwise)


def _labels_of(folder: FrameFolder, modality: Modality) -> LabelChoice | None:
    """Return the frame's own labels, where it has some and says what they mean."""
    names = (
        ("image_labels.png", "image_classes.json") if modality == "image" else ("labels.label", "point_classes.json")
    )
    file, names_file = (folder.path / name for name in names)
    return LabelChoice(file=file, names_file=names_file) if file.is_file() and names_file.is_file() else None
