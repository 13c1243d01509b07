"""Where the classes of a demonstration's frame come from: a network, or labels that lie beside the frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models import store
from models.catalogue import CATALOGUE, Modality
from service.cli.errors import CommandError
from service.cli.json_object import read_json_object
from worker.inputs.frame_folder import FrameFolder


@dataclass(frozen=True)
class LabelChoice:
    """The classes of one modality: from a network, or from a file of ids with a file of their names.

    Attributes:
        model: name of the network.
        file: class ids of pixels or points.
        names_file: JSON, id to name.
    """

    model: str | None = None
    file: Path | None = None
    names_file: Path | None = None

    def describe(self) -> str:
        """Say it in a few words."""
        return self.model or str(self.file)

    def names(self) -> dict[str, str] | None:
        """Read what the ids mean; None where a network is the source."""
        return None if self.names_file is None else read_json_object(self.names_file)


def choose_labels(folder: FrameFolder, modality: Modality, named: str | None, *, prefer_file: bool) -> LabelChoice:
    """Choose where the classes of one modality come from.

    Args:
        folder: the frame.
        modality: what is segmented.
        named: the network the user asked for, which goes before everything else.
        prefer_file: take the frame's own labels where it has some, rather than a network that happens to be here.

    Raises:
        CommandError: there is no network here and the frame has no labels; nothing is downloaded unasked.
    """
    if named is not None:
        return LabelChoice(model=named)
    from_file, from_network = _labels_of(folder, modality), _network_at_hand(modality)
    choices = [from_file, from_network] if prefer_file else [from_network, from_file]
    for choice in choices:
        if choice is not None:
            return choice
    raise CommandError(_nothing_at_hand(folder, modality))


def _labels_of(folder: FrameFolder, modality: Modality) -> LabelChoice | None:
    """Return the frame's own labels, where it has some and says what they mean."""
    names = (
        ("image_labels.png", "image_classes.json") if modality == "image" else ("labels.label", "point_classes.json")
    )
    file, names_file = (folder.path / name for name in names)
    return LabelChoice(file=file, names_file=names_file) if file.is_file() and names_file.is_file() else None


def _network_at_hand(modality: Modality) -> LabelChoice | None:
    """Return the first network of the catalogue whose files are on this machine."""
    for entry in CATALOGUE.values():
        if entry.modality == modality and store.locate(entry):
            return LabelChoice(model=entry.name)
    return None


def _nothing_at_hand(folder: FrameFolder, modality: Modality) -> str:
    name = next(entry.name for entry in CATALOGUE.values() if entry.modality == modality)
    return (
        f"There is no network on this machine for the {modality} of {folder.name}, and the folder has no labels with "
        f"class names. `semalign models show {name}` shows the terms of one; fetch it with `semalign models pull "
        f"{name}`, or name it with --{modality}-model."
    )
