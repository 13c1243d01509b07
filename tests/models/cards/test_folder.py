"""Finding cards by name."""

import pytest
from tiny_networks import write_card

from models.cards.folder import SHIPPED_FOLDER, card_names, find_card
from models.errors import CardError, ModelNotAvailableError
from models.settings import StoreSettings

FIELDS = {
    "segments": "image",
    "network": {"format": "onnx", "file": "net.onnx", "input": {"kind": "image"}},
    "classes": ["road"],
}


@pytest.fixture
def settings(tmp_path):
    """Return settings with an empty store and a folder of cards."""
    return StoreSettings(models_mirror=None, models_dir=tmp_path / "store", models_cards=tmp_path / "cards")


def test_a_card_is_named_by_its_file(settings):
    """Nothing else names it, and the folder need not hold cards only."""
    write_card(settings.models_cards / "my-net.yaml", **FIELDS)
    (settings.models_cards / "net.onnx").write_bytes(b"")
    (settings.models_cards / "notes.txt").write_text("")
    assert find_card("my-net", settings).name == "my-net"
    assert set(card_names(settings)) - {path.stem for path in SHIPPED_FOLDER.glob("*.yaml")} == {"my-net"}


def test_cards_lie_in_the_store_unless_a_folder_is_named(tmp_path):
    """SEMALIGN_MODELS_CARDS is optional."""
    settings = StoreSettings(models_mirror=None, models_dir=tmp_path, models_cards=None)
    write_card(tmp_path / "cards" / "my-net.yml", **FIELDS)
    assert find_card("my-net", settings) is not None


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "", "my-net.yaml", "cards/my-net"])
def test_a_name_is_never_a_path(settings, name):
    """Names come from requests; only the files of the folder are looked among."""
    write_card(settings.models_cards / "my-net.yaml", **FIELDS)
    write_card(settings.models_cards.parent / "secret.yaml", **FIELDS)
    assert find_card(name, settings) is None


def test_a_broken_card_harms_nobody_but_those_who_name_it(settings):
    """The others are still found."""
    write_card(settings.models_cards / "good.yaml", **FIELDS)
    write_card(settings.models_cards / "broken.yaml", segments="radar")
    assert find_card("good", settings) is not None
    with pytest.raises(CardError, match=r"broken\.yaml"):
        find_card("broken", settings)


def test_a_card_without_its_network_says_which_file_is_missing(settings):
    """And where it was looked for."""
    write_card(settings.models_cards / "my-net.yaml", **FIELDS)
    card = find_card("my-net", settings)
    assert card.locate(settings) is None
    with pytest.raises(ModelNotAvailableError, match=str(settings.models_cards / "net.onnx")):
        card.require(settings)
    (settings.models_cards / "net.onnx").write_bytes(b"")
    assert card.require(settings) == settings.models_cards / "net.onnx"
