"""Tiny networks of every kind that a card can name, and folders with their cards.

Untrained weights, real files: written by the same exporters that people use, and loaded by the code that loads theirs.
"""

import json
import warnings
from pathlib import Path

import onnx
import torch
import yaml
from onnx import TensorProto, helper
from torch import Tensor, nn

IMAGE_CLASSES = ["road", "sidewalk", "building", "vegetation", "sky", "car"]
CLOUD_CLASSES = ["road", "building", "car"]


class ByColour(nn.Module):
    """Scores the first three classes by the three colours, the others by nothing."""

    def forward(self, image: Tensor) -> Tensor:
        """Score an image (1, 3, h, w)."""
        return torch.cat([image * 10, torch.zeros_like(image)], 1)


class ByHeight(nn.Module):
    """Scores points by their height: low, high, in between."""

    def forward(self, points: Tensor) -> Tensor:
        """Score points (N, 4)."""
        z = points[:, 2]
        return torch.stack([-z, z, 1 - z.abs()], 1)


def trace(module: nn.Module, example: Tensor, path: Path) -> Path:
    """Write a module as TorchScript."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.trace(module, example), path)
    return path


def write_onnx(path: Path, inputs: list, outputs: list, nodes: list, constants: list | None = None) -> Path:
    """Write a graph as ONNX."""
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, constants or [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def float_value(name: str, shape: list) -> onnx.ValueInfoProto:
    """Return an input or output of floats; letters in `shape` are sizes that may vary."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def image_onnx(path: Path, size: tuple[int | str, int | str] = ("h", "w")) -> Path:
    """Write a network that does what ByColour does, without the classes that nothing scores."""
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [3, 3, 1, 1], [10.0, 0, 0, 0, 10, 0, 0, 0, 10])
    nodes = [helper.make_node("Conv", ["image", "weights"], ["logits"])]
    return write_onnx(
        path, [float_value("image", [1, 3, *size])], [float_value("logits", [1, 3, *size])], nodes, [weights]
    )


def points_onnx(path: Path) -> Path:
    """Write a network that scores points (N, 4) linearly: three classes by x, y and z."""
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [4, 3], [1.0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
    nodes = [helper.make_node("MatMul", ["points", "weights"], ["logits"])]
    return write_onnx(path, [float_value("points", ["n", 4])], [float_value("logits", ["n", 3])], nodes, [weights])


def write_card(path: Path, **fields: object) -> Path:
    """Write a card."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(fields, sort_keys=False))
    return path


def write_checkpoint(family: str, folder: Path) -> Path:
    """Write a tiny checkpoint of a Hugging Face family with its image processor, as `save_pretrained` does."""
    import transformers  # noqa: PLC0415 - takes seconds to import

    torch.manual_seed(0)
    names = dict(enumerate(IMAGE_CLASSES))
    labels = {"id2label": names, "label2id": {name: i for i, name in names.items()}}
    swin = {
        "image_size": 64,
        "embed_dim": 8,
        "depths": [1, 1, 1, 1],
        "num_heads": [1, 1, 2, 2],
        "window_size": 4,
        "out_features": ["stage1", "stage2", "stage3", "stage4"],
    }
    if family == "segformer":
        config = transformers.SegformerConfig(
            depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 16, 16], num_attention_heads=[1, 1, 2, 2],
            decoder_hidden_size=16, **labels,
        )  # fmt: skip
        network = transformers.SegformerForSemanticSegmentation(config)
        processor = transformers.SegformerImageProcessorPil(size={"height": 64, "width": 128})
    elif family == "mask2former":
        config = transformers.Mask2FormerConfig(
            backbone_config=transformers.SwinConfig(**swin), feature_size=32, mask_feature_size=32, hidden_dim=32,
            encoder_feedforward_dim=32, dim_feedforward=32, encoder_layers=1, decoder_layers=2, num_attention_heads=2,
            num_queries=6, **labels,
        )  # fmt: skip
        network = transformers.Mask2FormerForUniversalSegmentation(config)
        processor = transformers.Mask2FormerImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 256})
    elif family == "oneformer":
        config = transformers.OneFormerConfig(
            backbone_config=transformers.SwinConfig(**swin), num_queries=6, is_training=False, use_auxiliary_loss=False,
            hidden_dim=32, conv_dim=32, mask_dim=32, num_attention_heads=2, dim_feedforward=32,
            encoder_feedforward_dim=32, encoder_layers=1, decoder_layers=2, query_dec_layers=1, common_stride=4,
            text_encoder_width=16, text_encoder_context_length=77, text_encoder_num_layers=1,
            text_encoder_vocab_size=64, text_encoder_proj_layers=1, text_encoder_n_ctx=2, task_seq_len=77, **labels,
        )  # fmt: skip
        network = transformers.OneFormerForUniversalSegmentation(config)
        processor = transformers.OneFormerImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 256})
        write_tokenizer(folder)
    else:
        config = transformers.EomtConfig(
            hidden_size=16, num_hidden_layers=3, num_attention_heads=2, image_size=64, patch_size=16, num_blocks=1,
            num_queries=6, num_upscale_blocks=1, num_register_tokens=1, **labels,
        )  # fmt: skip
        network = transformers.EomtForUniversalSegmentation(config)
        processor = transformers.EomtImageProcessorPil(
            size={"shortest_edge": 64, "longest_edge": None}, do_split_image=True
        )
    # Untrained heads say hardly anything; louder ones tell parts of an image apart.
    for name, weights in network.named_parameters():
        if weights.ndim > 1 and any(part in name for part in ("class", "mask_embed", "mask_head")):
            weights.data.mul_(10)
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    if family == "oneformer":
        # Published checkpoints name a file of the hub here, which is not to be asked for.
        settings = json.loads((folder / "preprocessor_config.json").read_text())
        settings |= {"class_info_file": "cityscapes_panoptic.json", "repo_path": "shi-labs/oneformer_demo"}
        (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


def write_tokenizer(folder: Path) -> None:
    """Write a CLIP tokenizer that knows single letters."""
    import transformers  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    transformers.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(folder)
