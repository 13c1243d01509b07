"""Fetch checkpoints of Hugging Face's hub for the cards that name one."""

from pathlib import Path

from models.cards.card import HuggingFaceNetwork
from models.cards.folder import CardFile
from models.errors import ModelNotAvailableError
from models.settings import StoreSettings
from models.store import require_accepted

# Settings, tokenizer and weights, in safetensors where the repository has them.
SETTINGS = ("*.json", "*.txt")
SAFE_WEIGHTS, OLD_WEIGHTS = "model*.safetensors", "pytorch_model*.bin"


def pull_checkpoint(model: CardFile, settings: StoreSettings | None = None, *, accept_terms: bool = False) -> Path:
    """Fetch the checkpoint that a card names, unless it is here, and return its folder.

    A commit of the hub names its files by their SHA-256, so a pinned revision cannot change under us.

    Raises:
        TermsNotAcceptedError: its terms rule out commercial use, and nobody accepted that.
        ModelNotAvailableError: the card names none, or it could not be had.
    """
    settings = settings or StoreSettings()
    network = model.card.network
    if (place := model.locate(settings)) is not None:
        return place
    if not isinstance(network, HuggingFaceNetwork) or network.hub is None:
        return model.require(settings)
    if model.card.non_commercial:
        require_accepted(model.name, settings, accept_terms)
    try:
        import huggingface_hub  # noqa: PLC0415 - an extra, and needed here alone
    except ModuleNotFoundError as error:
        raise ModelNotAvailableError(
            f"'{model.name}' comes from Hugging Face's hub: pip install 'semalign[huggingface]'."
        ) from error
    target = (settings.models_dir / model.name if model.is_shipped else model.path.parent) / network.folder
    try:
        names = huggingface_hub.list_repo_files(network.hub, revision=network.revision)
        is_safe = any(name.startswith("model") and name.endswith(".safetensors") for name in names)
        partial = target.with_name(f".{target.name}.partial")
        huggingface_hub.snapshot_download(
            network.hub,
            revision=network.revision,
            local_dir=partial,
            allow_patterns=[*SETTINGS, SAFE_WEIGHTS if is_safe else OLD_WEIGHTS],
        )
        partial.rename(target)
    except Exception as error:  # the hub's client raises what its transports raise
        reason = " ".join(str(error).split())[:300]
        raise ModelNotAvailableError(
            f"'{model.name}' could not be fetched from huggingface.co/{network.hub} ({reason}). Check the network, or "
            f"put the repository's files into {target}."
        ) from error
    return target
