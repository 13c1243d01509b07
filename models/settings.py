"""Where pretrained networks are looked for and kept."""

from pathlib import Path

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class StoreSettings(BaseSettings):
    """Settings of the model store, read from the environment.

    Attributes:
        models_mirror: SEMALIGN_MODELS_MIRROR, a directory or an http(s) or file URL laid out NAME/FILE, tried first.
        models_dir: SEMALIGN_MODELS_DIR, where downloaded files are kept.
        models_timeout_s: SEMALIGN_MODELS_TIMEOUT_S, how long a download may stand still, in seconds.
        models_cards: SEMALIGN_MODELS_CARDS, folder of the cards of your own networks; `cards` in the store by default.
        models_accept_non_commercial: SEMALIGN_MODELS_ACCEPT_NON_COMMERCIAL, whether networks whose terms rule out
            commercial use may be fetched when somebody names them.
    """

    model_config = SettingsConfigDict(env_prefix="SEMALIGN_", env_ignore_empty=True, frozen=True)

    models_mirror: str | None = None
    models_dir: Path = Path("~/.cache/semalign/models")
    models_timeout_s: float = 30.0
    models_cards: Path | None = None
    models_accept_non_commercial: bool = False

    @field_validator("models_dir", "models_cards")
    @classmethod
    def _expand_home(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser()

    @property
    def cards_directory(self) -> Path:
        """Folder of the operator's cards."""
        return self.models_cards or self.models_dir / "cards"

    @property
    def mirror_directory(self) -> Path | None:
        """The mirror where it is a directory, else None."""
        if self.models_mirror is None or self.mirror_url is not None:
            return None
        return Path(self.models_mirror.removeprefix("file://")).expanduser()

    @property
    def mirror_url(self) -> str | None:
        """The mirror without a trailing slash where it is an http(s) URL, else None."""
        if self.models_mirror is None or not self.models_mirror.startswith(("http://", "https://")):
            return None
        return self.models_mirror.rstrip("/")
