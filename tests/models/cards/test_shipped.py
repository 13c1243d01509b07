"""The cards that come with semalign."""

import pytest

from models.cards.folder import SHIPPED_FOLDER, find_card
from models.catalogue import CATALOGUE
from models.errors import ModelNotAvailableError
from models.settings import StoreSettings
from models.taxonomy import common_class

NAMES = sorted(path.stem for path in SHIPPED_FOLDER.glob("*.yaml"))


@pytest.fixture
def settings(tmp_path):
    """Return settings with an empty store."""
    return StoreSettings(models_mirror=None, models_dir=tmp_path, models_cards=None)


def test_every_family_and_the_papers_pair_have_one():
    """What users ask for by name."""
    for part in ("segformer", "mask2former", "oneformer", "eomt", "sdcnet", "spvnas", "waffleiron"):
        assert any(part in name for name in NAMES), part
    assert not set(NAMES) & set(CATALOGUE)


@pytest.mark.parametrize("name", NAMES)
def test_terms_are_spelled_out(name, settings):
    """All of them were trained on data that rules out commercial use."""
    card = find_card(name, settings).card
    assert card.non_commercial
    assert "non-commercial" in card.terms
    assert card.source
    assert card.summary
    assert card.sensor
    assert card.licence != "not stated"


@pytest.mark.parametrize("name", NAMES)
def test_its_classes_are_known_to_the_taxonomy(name, settings):
    """Both label sets have common names for every class."""
    names = find_card(name, settings).card.class_names or {}
    assert [each for each in names.values() if common_class(each) is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_one_that_is_not_here_says_how_to_get_it(name, settings):
    """A command, or the page with the export; its place is in the store."""
    with pytest.raises(ModelNotAvailableError, match=rf"models pull {name}|docs/networks\.md"):
        find_card(name, settings).require(settings)


def test_its_files_lie_in_the_store(settings):
    """In a folder of its name, as for the networks of the catalogue; a mirror that is a folder comes first."""
    card = find_card("waffleiron_semantickitti", settings)
    (settings.models_dir / card.name).mkdir()
    file = settings.models_dir / card.name / "waffleiron_semantickitti.pt"
    file.write_bytes(b"")
    assert card.require(settings) == file
