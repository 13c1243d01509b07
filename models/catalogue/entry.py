"""What the catalogue says about a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Modality = Literal["image", "cloud"]


@dataclass(frozen=True)
class ModelFile:
    """One published file.

    Attributes:
        name: file name in a mirror, in the local store and in the package.
        url: public address, at a pinned commit; None where the file comes with the package, in
            `models/embedded/MODEL/NAME`.
        sha256: hex digest of the content.
        size: bytes.
    """

    name: str
    url: str | None
    sha256: str
    size: int


@dataclass(frozen=True)
class CatalogueEntry:
    """A pretrained network that code of this project runs.

    Attributes:
        name: what users call it.
        modality: what it segments.
        summary: one line on what it is.
        backend: which code runs it; see `models.backends.registry`.
        source: repository and commit its files come from.
        files: the files that make it up.
        code_licence: licence of the repository, SPDX.
        training_data_terms: what the owners of the training data allow, in a sentence or two.
        non_commercial: whether those terms rule out commercial use.
        class_names: native name of every output index.
        preprocessing: what happens to the input, in a sentence.
        sensor: what recorded the training data.
    """

    name: str
    modality: Modality
    summary: str
    backend: str
    source: str
    files: tuple[ModelFile, ...]
    code_licence: str
    training_data_terms: str
    non_commercial: bool
    class_names: Mapping[int, str]
    preprocessing: str
    sensor: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def is_embedded(self) -> bool:
        """Whether it needs no download: all its files come with the package."""
        return all(file.url is None for file in self.files)
