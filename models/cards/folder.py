"""Find cards by name: those of the operator's folder, and those that come with semalign.

A card is named by its file: `my-net.yaml` is `my-net`. Names are looked up among the files there are and never become a
path, for they come from requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from models.cards.card import Card, HuggingFaceNetwork, Network
from models.errors import CardError, ModelNotAvailableError
from models.settings import StoreSettings

SHIPPED_FOLDER = Path(__file__).parent / "shipped"
SUFFIXES = (".yaml", ".yml")
# A card of a thousand classes takes a tenth of this.
MOST_BYTES = 1 << 18


@dataclass(frozen=True)
class CardFile:
    """A card and where it lies.

    Attributes:
        name: what users call the network.
        path: the YAML file.
        card: its content.
    """

    name: str
    path: Path
    card: Card

    @property
    def is_shipped(self) -> bool:
        """Whether it comes with semalign; the network's files then lie in the model store, in a folder of its name."""
        return self.path.parent == SHIPPED_FOLDER

    def locate(self, settings: StoreSettings | None = None) -> Path | None:
        """Return the file or folder of the network, or None where it is not on this machine."""
        settings = settings or StoreSettings()
        folders = [self.path.parent]
        if self.is_shipped:
            stores = (settings.mirror_directory, settings.models_dir)
            folders = [store / self.name for store in stores if store is not None]
        places = (folder / file_of(self.card.network) for folder in folders)
        return next((place for place in places if place.exists()), None)

    def require(self, settings: StoreSettings | None = None) -> Path:
        """Return the file or folder of the network.

        Raises:
            ModelNotAvailableError: it is not on this machine; the sentence says how to get it.
        """
        place = self.locate(settings)
        if place is None:
            raise ModelNotAvailableError(self._how_to_get(settings or StoreSettings()))
        return place

    def _how_to_get(self, settings: StoreSettings) -> str:
        network = self.card.network
        if isinstance(network, HuggingFaceNetwork) and network.hub is not None:
            return (
                f"The network '{self.name}' is not on this machine; read its terms with `semalign models show "
                f"{self.name}` and fetch it with `semalign models pull {self.name}`."
            )
        folder = settings.models_dir / self.name if self.is_shipped else self.path.parent
        hint = f" {self.card.how_to_get}" if self.card.how_to_get else ""
        return f"The network '{self.name}' is not on this machine: {folder / file_of(network)} is missing.{hint}"


def file_of(network: Network) -> str:
    """Return the file or folder that holds a network, as its card names it."""
    return network.folder if isinstance(network, HuggingFaceNetwork) else network.file


def card_names(settings: StoreSettings | None = None) -> Mapping[str, Path]:
    """Return the file of every card there is, by name; the operator's cards come first and hide shipped ones."""
    settings = settings or StoreSettings()
    paths: dict[str, Path] = {}
    for folder in (settings.cards_directory, SHIPPED_FOLDER):
        for path in sorted(folder.glob("*")) if folder.is_dir() else []:
            if path.suffix in SUFFIXES and path.is_file():
                paths.setdefault(path.stem, path)
    return paths


def find_card(name: str, settings: StoreSettings | None = None) -> CardFile | None:
    """Return the card of a network, or None where there is none of that name.

    Raises:
        CardError: there is one, but it is no good.
    """
    path = card_names(settings).get(name)
    return None if path is None else read_card(path)


def read_card(path: Path) -> CardFile:
    """Read one card.

    Raises:
        CardError: it cannot be read, is no YAML or no card; the sentence names every problem.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CardError(f"The card {path} cannot be read ({error.strerror}).") from error
    if len(text) > MOST_BYTES:
        raise CardError(f"{path} is larger than {MOST_BYTES >> 10} KiB, which no card is.")
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CardError(f"The card {path} is no YAML: {' '.join(str(error).split())}.") from error
    try:
        card = Card.model_validate(content)
    except ValidationError as error:
        raise CardError(f"The card {path} is not complete or not right: {_problems(error)}.") from error
    return CardFile(path.stem, path, card)


def _problems(error: ValidationError) -> str:
    """Return every problem as `place: what is wrong`, the names of union members left out of the place."""
    members = {"ExportedNetwork", "onnx", "torchscript", "huggingface", "python", "image", "points", "range_image"}
    sentences = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(step) for step in problem["loc"] if step not in members)
        message = problem["msg"].removeprefix("Value error, ")
        sentences.append(f"{place}: {message}" if place else message)
    return "; ".join(dict.fromkeys(sentences))
