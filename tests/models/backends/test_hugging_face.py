"""Checkpoints of Hugging Face, each family with a tiny one that is written here."""

import json

import numpy as np
import pytest
from tiny_networks import IMAGE_CLASSES, write_card, write_checkpoint

from models import load_image_model
from models.backends.hugging_face import FAMILIES, load_checkpoint
from models.backends.scored import ScoredImageSegmenter
from models.errors import NetworkFailedError

IMAGE = np.random.default_rng(0).integers(0, 255, (47, 155, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """Make any question to the hub an error."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return the folder of a tiny checkpoint of each family."""
    root = tmp_path_factory.mktemp("checkpoints")
    return {family: write_checkpoint(family, root / family) for family in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_segments_an_image(folders, family):
    """Probabilities of the classes that its configuration names, and the same twice."""
    network = load_checkpoint(folders[family], "cpu")
    assert list(network.class_names.values()) == IMAGE_CLASSES
    scores = network(IMAGE)
    assert scores.shape == ((6, 47, 155) if family == "eomt" else (6, 24, 78))
    assert scores.min() >= 0
    assert scores.sum(0) == pytest.approx(1, abs=1e-4)
    assert np.ptp(scores, axis=(1, 2)).max() > 0, "the image makes no difference"
    assert (network(IMAGE) == scores).all()
    said = ScoredImageSegmenter("net", network.class_names, network).segment(IMAGE)
    assert said.labels.shape == IMAGE.shape[:2]


def test_a_card_may_rename_the_classes(folders, monkeypatch):
    """A checkpoint brings its own; those of the card go before them."""
    cards = folders["segformer"].parent
    monkeypatch.setenv("SEMALIGN_MODELS_CARDS", str(cards))
    network = {"format": "huggingface", "folder": "segformer"}
    write_card(cards / "plain.yaml", segments="image", network=network)
    write_card(cards / "renamed.yaml", segments="image", network=network, classes=["x", "y"])
    assert list(load_image_model("plain").segment(IMAGE).class_names.values()) == IMAGE_CLASSES
    assert load_image_model("renamed").segment(IMAGE).class_names == {0: "x", 1: "y"}


def test_labels_are_those_of_the_library(folders):
    """What the image processor's own reading gives at the size of the image, but for seams."""
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    folder = folders["segformer"]
    network = load_checkpoint(folder, "cpu")
    said = ScoredImageSegmenter("net", network.class_names, network).segment(IMAGE)
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    model = transformers.AutoModelForSemanticSegmentation.from_pretrained(folder).eval()
    with torch.inference_mode():
        outputs = model(**processor(Image.fromarray(IMAGE), return_tensors="pt"))
    (expected,) = processor.post_process_semantic_segmentation(outputs, target_sizes=[IMAGE.shape[:2]])
    assert (said.labels == expected.numpy()).mean() > 0.97


@pytest.mark.parametrize("family", ["segformer", "mask2former", "oneformer"])
def test_images_may_keep_their_own_size(folders, family):
    """Of any side: the processor's own size would squeeze wide images."""
    squeezed, kept = (load_checkpoint(folders[family], "cpu", resize=resize)(IMAGE) for resize in (True, False))
    assert kept.shape == squeezed.shape
    assert np.abs(kept - squeezed).max() > 0


def test_settings_of_older_checkpoints_are_understood(folders, tmp_path):
    """Those of 2021 say `feature_extractor_type`, and one number for the size."""
    for path in folders["segformer"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    settings = {"feature_extractor_type": "SegformerFeatureExtractor", "do_resize": True, "size": 64, "resample": 2,
                "do_normalize": True, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
                "reduce_labels": False, "align": False}  # fmt: skip
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    assert load_checkpoint(tmp_path, "cpu")(IMAGE).shape == (6, 24, 78)


def test_a_large_image_is_seen_at_a_size_that_fits(folders):
    """Scores of all classes on millions of pixels would take gigabytes; labels come at the image's own size."""
    network = load_checkpoint(folders["eomt"], "cpu")
    image = np.broadcast_to(np.uint8(90), (1200, 1800, 3))
    assert np.prod(network(image).shape[1:]) < 2_100_000
    assert ScoredImageSegmenter("net", network.class_names, network).segment(image).labels.shape == (1200, 1800)


def test_missing_weights_are_refused(folders, tmp_path):
    """The library would fill them with random numbers."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    folder = tmp_path / "checkpoint"
    folder.mkdir()
    for path in folders["segformer"].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    weights = load_file(folder / "model.safetensors")
    weights.pop("decode_head.classifier.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(NetworkFailedError, match=r"lacks weights of its segformer: decode_head\.classifier\.weight"):
        load_checkpoint(folder, "cpu")


def test_other_families_are_named_as_such(tmp_path):
    """With those that are known."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(NetworkFailedError, match="is a 'bert'; known families are segformer, mask2former"):
        load_checkpoint(tmp_path, "cpu")


def test_a_folder_without_a_checkpoint(tmp_path):
    """The sentence says what is missing."""
    with pytest.raises(NetworkFailedError, match=r"no config\.json"):
        load_checkpoint(tmp_path, "cpu")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "segformer"}))
    with pytest.raises(NetworkFailedError, match="cannot be loaded as a segformer checkpoint"):
        load_checkpoint(tmp_path, "cpu")
