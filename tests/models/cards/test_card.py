"""What a card may say, and the sentences for what it may not."""

import re
import textwrap
from pathlib import Path

import pytest
import yaml
from tiny_networks import write_card

from models.cards.card import Card
from models.cards.folder import read_card
from models.errors import CardError

ONNX = {"format": "onnx", "file": "net.onnx", "input": {"kind": "image"}}
IMAGE_CARD = {"segments": "image", "network": ONNX, "classes": ["road", "car"]}


def problems(tmp_path: Path, **changes: object) -> str:
    """Return the sentence about a card with changes; fields that are None are left out."""
    fields = {name: value for name, value in (IMAGE_CARD | changes).items() if value is not None}
    with pytest.raises(CardError) as caught:
        read_card(write_card(tmp_path / "my-net.yaml", **fields))
    return str(caught.value)


def test_a_short_card_is_enough():
    """Format, file, kind of input and classes: the rest has defaults that fit most networks."""
    card = Card.model_validate(IMAGE_CARD)
    assert card.class_names == {0: "road", 1: "car"}
    assert card.network.output.kind == "logits"
    assert card.network.input.layout == "NCHW"
    assert card.network.input.scale == pytest.approx(1 / 255)


def test_classes_may_name_some_outputs_only():
    """What has no name is ignored."""
    card = Card.model_validate(IMAGE_CARD | {"classes": {0: "road", 13: "car"}})
    assert card.class_names == {0: "road", 13: "car"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"classes": None}, "classes are missing: list the class names in the order"),
        ({"classes": {-1: "road"}}, "outputs from 0 to 65535"),
        ({"segments": "cloud"}, "segments a cloud does not take `kind: image`"),
        ({"segments": "radar"}, "segments: Input should be 'image' or 'cloud'"),
        ({"network": ONNX | {"format": "caffe"}}, "network: .*'onnx', 'torchscript', 'huggingface', 'python'"),
        ({"network": {"format": "onnx", "input": {"kind": "image"}}}, "network.file: Field required"),
        ({"network": ONNX | {"input": {"kind": "image", "std": [1, 0, 1]}}}, "network.input.std.1: .*greater than 0"),
        ({"network": ONNX | {"input": {"kind": "image", "sise": 4}}}, "network.input.sise: Extra inputs"),
        ({"network": ONNX | {"output": {"kind": "masks"}}}, "network.output.kind: .*'logits', 'scores' or 'labels'"),
        (
            {"segments": "cloud", "network": {"format": "huggingface", "folder": "x"}},
            "Hugging Face segment images",
        ),
        (
            {"segments": "cloud", "network": ONNX | {"input": {"kind": "range_image", "mean": [1, 2]}}},
            "mean has to have one value, or one for each of the 5 channels",
        ),
        ({"network": {"format": "huggingface", "folder": "x", "hub": "a/b", "revision": "main"}}, "revision: "),
    ],
)
def test_problems_are_named_with_their_place(tmp_path, changes, sentence):
    """The sentence names the file, the field and what to write."""
    text = problems(tmp_path, **changes)
    assert str(tmp_path / "my-net.yaml") in text
    assert re.search(sentence, text), text


def test_every_problem_is_named_at_once(tmp_path):
    """Nobody corrects a card one message at a time."""
    text = problems(tmp_path, segments="radar", network={"format": "onnx", "input": {"kind": "image"}})
    assert "segments" in text
    assert "network.file" in text


@pytest.mark.parametrize("content", ["[1, 2", "- just\n- a list\n", "", "a: &a [*a]", "!!python/object:os.system {}"])
def test_what_is_no_card_is_refused_with_a_sentence(tmp_path, content):
    """Broken YAML, other YAML, nothing, loops, and tags that would run code."""
    path = tmp_path / "net.yaml"
    path.write_text(content)
    with pytest.raises(CardError, match=r"net\.yaml is no"):
        read_card(path)


def test_a_huge_file_is_not_read(tmp_path):
    """A card never takes more than a few kilobytes."""
    path = tmp_path / "net.yaml"
    path.write_text(yaml.safe_dump({"summary": "x" * 300_000}))
    with pytest.raises(CardError, match="larger than 256 KiB"):
        read_card(path)


def test_cards_of_the_documentation_are_cards():
    """What users copy from docs/networks.md is accepted."""
    text = (Path(__file__).parents[3] / "docs" / "networks.md").read_text()
    blocks = [textwrap.dedent(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    cards = [Card.model_validate(yaml.safe_load(block)) for block in blocks]
    assert [card.network.format for card in cards] == ["onnx", "huggingface"]
