"""Find a network by the name its users call it: in the catalogue, or among the cards."""

from models.cards.folder import CardFile, card_names, find_card
from models.catalogue import CATALOGUE, CatalogueEntry, Modality
from models.errors import CardError, UnknownModelError
from models.settings import StoreSettings

_THINGS = {"image": "images", "cloud": "clouds"}


def find_model(name: str, settings: StoreSettings | None = None) -> CatalogueEntry | CardFile:
    """Return what is known about a network.

    Raises:
        UnknownModelError: there is none of that name.
        CardError: its card is no good, or has taken the name of a network in the catalogue.
    """
    entry, card_file = CATALOGUE.get(name), card_names(settings).get(name)
    if entry is not None and card_file is not None:
        raise CardError(f"{card_file} has the name of a network in the catalogue: give the card's file another name.")
    if entry is not None:
        return entry
    card = find_card(name, settings)
    if card is None:
        known = ", ".join((*CATALOGUE, *card_names(settings)))
        raise UnknownModelError(f"There is no model named '{name}'; known are {known}.")
    return card


def find_model_for(name: str, modality: Modality, settings: StoreSettings | None = None) -> CatalogueEntry | CardFile:
    """Return what is known about a network that has to segment images or clouds.

    Raises:
        UnknownModelError: there is none of that name, or it segments the other.
        CardError: its card is no good, or has taken the name of a network in the catalogue.
    """
    model = find_model(name, settings)
    segments = model.modality if isinstance(model, CatalogueEntry) else model.card.segments
    if segments != modality:
        fitting = ", ".join(entry.name for entry in CATALOGUE.values() if entry.modality == modality)
        raise UnknownModelError(
            f"'{name}' segments {_THINGS[segments]}, not {_THINGS[modality]}; use one of: {fitting}, or a card with "
            f"`segments: {modality}`."
        )
    return model
