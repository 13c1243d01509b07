"""Settings of the model store."""

from pathlib import Path

from models.settings import StoreSettings


def test_an_empty_variable_counts_as_unset(monkeypatch):
    """Compose files pass variables on as empty strings."""
    monkeypatch.setenv("SEMALIGN_MODELS_MIRROR", "")
    monkeypatch.setenv("SEMALIGN_MODELS_DIR", "")
    settings = StoreSettings()
    assert settings.models_mirror is None
    assert settings.models_dir == Path.home() / ".cache" / "semalign" / "models"


def test_a_mirror_is_a_directory_or_an_address():
    """Never both."""
    directory, address = StoreSettings(models_mirror="/srv/models"), StoreSettings(models_mirror="https://host/models/")
    assert (directory.mirror_directory, directory.mirror_url) == (Path("/srv/models"), None)
    assert (address.mirror_directory, address.mirror_url) == (None, "https://host/models")
