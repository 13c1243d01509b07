"""The pretrained networks this project knows: where their files come from, under which terms, and what they expect."""

from collections.abc import Mapping
from types import MappingProxyType

from models.catalogue.embedded import EMBEDDED
from models.catalogue.entry import CatalogueEntry, Modality, ModelFile
from models.catalogue.released import RELEASED
from models.catalogue.untrained import UNTRAINED
from models.errors import UnknownModelError

__all__ = ["CATALOGUE", "CatalogueEntry", "Modality", "ModelFile", "get_entry"]

CATALOGUE: Mapping[str, CatalogueEntry] = MappingProxyType(
    {entry.name: entry for entry in (*EMBEDDED, *UNTRAINED, *RELEASED)}
)


def get_entry(name: str) -> CatalogueEntry:
    """Return the catalogue entry of a model.

    Raises:
        UnknownModelError: no model has that name.
    """
    try:
        return CATALOGUE[name]
    except KeyError:
        raise UnknownModelError(f"There is no model named '{name}'; known are {', '.join(CATALOGUE)}.") from None
