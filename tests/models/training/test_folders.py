"""Rendered frames as training examples."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.training.folders import read_examples


def test_every_pixel_has_an_index_that_has_a_name(rendered_frames: Path) -> None:
    """Ids of the label set become consecutive indices, and the names come along."""
    examples = read_examples(rendered_frames)
    assert len(examples.images) == 2
    assert list(examples.class_names) == list(range(11))
    assert {"road", "car", "sky"} <= set(examples.class_names.values())
    for example in examples.images:
        assert example.image.shape == (*example.labels.shape, 3)
        assert set(np.unique(example.labels)) <= set(examples.class_names)


def test_a_folder_without_frames_is_said(tmp_path: Path) -> None:
    """The sentence names the command that makes some."""
    with pytest.raises(FileNotFoundError, match="semalign render --varied"):
        read_examples(tmp_path)


def test_frames_of_other_classes_do_not_mix(rendered_frames: Path, tmp_path: Path) -> None:
    """Frames rendered with another label set are refused."""
    for number, frame in enumerate(sorted(rendered_frames.iterdir())):
        copy = tmp_path / frame.name
        copy.mkdir()
        for name in ("image.png", "image_labels.png"):
            (copy / name).write_bytes((frame / name).read_bytes())
        (copy / "image_classes.json").write_text(json.dumps({"0": f"class {number}"}))
    with pytest.raises(ValueError, match="different classes"):
        read_examples(tmp_path)
