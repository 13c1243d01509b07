"""What users are told about a network, from the catalogue or from a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from models import store
from models.cards.card import ExportedNetwork, HuggingFaceNetwork
from models.cards.folder import CardFile, card_names, read_card
from models.catalogue import CATALOGUE, CatalogueEntry
from models.errors import CardError
from models.settings import StoreSettings
from models.taxonomy import common_class


@dataclass(frozen=True)
class ModelDescription:
    """What there is to know about one network before it is used.

    Attributes:
        name: what users call it.
        modality: what it segments.
        summary: one line on what it is.
        format: `built in`, or the format of its card.
        source: where it comes from.
        size: bytes of its files, where they are known before they are here.
        licence: of code and weights.
        terms: what the owners of the training data allow.
        non_commercial: whether these rule out commercial use.
        classes: names by output; None where the checkpoint brings them.
        input: what happens to the input.
        sensor: what recorded the training data.
        folder: where its files lie, or None while any is missing.
        problem: why it cannot be used, where its card is no good.
    """

    name: str
    modality: str = ""
    summary: str = ""
    format: str = ""
    source: str = ""
    size: int | None = None
    licence: str = ""
    terms: str = ""
    non_commercial: bool = False
    classes: Mapping[int, str] | None = None
    input: str = ""
    sensor: str = ""
    folder: str | None = None
    problem: str | None = None

    @property
    def use(self) -> str:
        """Say who may use it, in a word or two."""
        return "non-commercial" if self.non_commercial else "any"

    @property
    def unmatched_classes(self) -> list[str]:
        """Names that mean no class of the common taxonomy; the default profile aligns them all the same."""
        return [name for name in (self.classes or {}).values() if common_class(name) is None]

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        names = None if self.classes is None else list(self.classes.values())
        return {**asdict(self), "classes": names}


def describe_all(settings: StoreSettings) -> list[ModelDescription]:
    """Describe every network there is; a card that is no good comes with its problem."""
    described = [describe_entry(entry, settings) for entry in CATALOGUE.values()]
    for name, path in card_names(settings).items():
        try:
            described.append(describe_card(read_card(path), settings))
        except CardError as error:
            described.append(ModelDescription(name, problem=str(error)))
    return described


def describe(model: CatalogueEntry | CardFile, settings: StoreSettings) -> ModelDescription:
    """Describe one network."""
    return describe_card(model, settings) if isinstance(model, CardFile) else describe_entry(model, settings)


def describe_entry(entry: CatalogueEntry, settings: StoreSettings) -> ModelDescription:
    """Describe a network of the catalogue."""
    paths = store.locate(entry, settings)
    place = "the package" if entry.is_embedded else None
    if paths:
        place = str(next(iter(paths.values())).parent)
    return ModelDescription(
        name=entry.name,
        modality=entry.modality,
        summary=entry.summary,
        format="built in",
        source=entry.source,
        size=entry.size,
        licence=entry.code_licence,
        terms=entry.training_data_terms,
        non_commercial=entry.non_commercial,
        classes=dict(entry.class_names),
        input=entry.preprocessing,
        sensor=entry.sensor,
        folder=place if paths is not None else None,
    )


def describe_card(model: CardFile, settings: StoreSettings) -> ModelDescription:
    """Describe a network of a card."""
    card, place = model.card, model.locate(settings)
    return ModelDescription(
        name=model.name,
        modality=card.segments,
        summary=card.summary,
        format=card.network.format,
        source=card.source or str(model.path),
        licence=card.licence,
        terms=card.terms,
        non_commercial=card.non_commercial,
        classes=card.class_names,
        input=_input_of(model),
        sensor=card.sensor,
        folder=None if place is None else str(place if place.is_dir() else place.parent),
    )


def _input_of(model: CardFile) -> str:
    network = model.card.network
    if isinstance(network, ExportedNetwork):
        return ", ".join(f"{name}: {value}" for name, value in network.input.model_dump().items())
    return "as its image processor says" if isinstance(network, HuggingFaceNetwork) else "as its code says"
