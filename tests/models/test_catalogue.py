"""What the catalogue says about its models."""

import re

import pytest

from models.catalogue import CATALOGUE, CatalogueEntry

ENTRIES = list(CATALOGUE.values())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_files_come_with_the_package_or_from_a_pinned_commit(entry: CatalogueEntry):
    """A branch could change under us; a commit cannot."""
    for file in entry.files:
        assert file.url is None or re.match(
            r"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/[0-9a-f]{40}/", file.url
        )
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.size > 0
        assert "/" not in file.name


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_terms_of_non_commercial_data_are_spelled_out(entry: CatalogueEntry):
    """Whoever pulls the model reads that its use is limited."""
    assert entry.non_commercial == ("non-commercial" in entry.training_data_terms)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_class_ids_are_output_indices(entry: CatalogueEntry):
    """Ids run from 0 without gaps and names do not repeat."""
    assert list(entry.class_names) == list(range(len(entry.class_names)))
    assert len(set(entry.class_names.values())) == len(entry.class_names)
