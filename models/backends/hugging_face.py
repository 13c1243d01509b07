"""Run checkpoints of Hugging Face's `transformers` (Apache-2.0) that segment images into classes.

Each family comes with its own image processor, which shapes the input and turns what the network gives into class
scores. Everything is read from a folder; nothing is fetched, and no code of a checkpoint is run.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from models.errors import ModelNotAvailableError, NetworkFailedError

# Class of the network in `transformers`, by the family that the checkpoint's configuration names.
FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "segformer": "SegformerForSemanticSegmentation",
        "mask2former": "Mask2FormerForUniversalSegmentation",
        "oneformer": "OneFormerForUniversalSegmentation",
        "eomt": "EomtForUniversalSegmentation",
    }
)
# OneFormer is told what to do in words; so its training phrased the task.
TASK = "the task is semantic"
TASK_LENGTH = 77
# As many as an image of Cityscapes has. Scores of all classes on more would take memory for nothing.
MOST_PIXELS = 2048 * 1024
# Far below what a mask that covers a pixel adds there.
UNDECIDED = 1e-6


def load_checkpoint(folder: Path, device: str, *, resize: bool = True) -> "HuggingFaceImageNetwork":
    """Return the network of a folder that `save_pretrained` wrote.

    Args:
        folder: model, image processor and, of OneFormer, tokenizer.
        device: a torch device.
        resize: bring images to the size that the processor asks for, instead of leaving them theirs.

    Raises:
        ModelNotAvailableError: `transformers` is not installed here.
        NetworkFailedError: the folder holds no checkpoint of a family that is known, or one that cannot be loaded.
    """
    try:
        import transformers  # noqa: PLC0415 - takes seconds, and only these networks need it
    except ModuleNotFoundError as error:
        raise ModelNotAvailableError(
            f"{folder} needs `transformers`, which is not installed here: pip install 'semalign[huggingface]'."
        ) from error
    family = _family(folder)
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call, unused-ignore]
    try:
        network, loading = getattr(transformers, FAMILIES[family]).from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, weights_only=True, output_loading_info=True
        )
        processor = _processor(transformers, folder, family, resize)
        task = _task(transformers, folder) if family == "oneformer" else None
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        reason = " ".join(str(error).split())[:500]
        raise NetworkFailedError(f"{folder} cannot be loaded as a {family} checkpoint: {reason}") from error
    # What the file lacks was filled with random numbers. Buffers that only a loss needs may be missing.
    missing = sorted(set(loading["missing_keys"]) & {name for name, _ in network.named_parameters()})
    if missing:
        raise NetworkFailedError(f"{folder} lacks weights of its {family}: {', '.join(missing[:3])} and so on.")
    return HuggingFaceImageNetwork(network, processor, task, torch.device(device))


class HuggingFaceImageNetwork:
    """A checkpoint with its image processor.

    Attributes:
        class_names: name of every output, from the checkpoint's configuration.
    """

    def __init__(self, network: Any, processor: Any, task: Tensor | None, device: torch.device) -> None:
        self.class_names: Mapping[int, str] = {int(i): str(name) for i, name in network.config.id2label.items()}
        self._network = network.eval().requires_grad_(False).to(device)
        self._processor = processor
        self._device = device
        self._task = {} if task is None else {"task_inputs": task.to(device)}

    @torch.inference_mode()
    def __call__(self, image: npt.NDArray[np.uint8], /) -> npt.NDArray[Any]:
        """Score the classes of an image (H, W, 3) uint8 RGB, on a grid as fine as the image or coarser."""
        picture = _no_larger_than_needed(Image.fromarray(image))
        inputs = self._processor(picture, return_tensors="pt")
        outputs = self._network(inputs["pixel_values"].to(self._device), **self._task)
        size = (math.ceil(picture.height / 2), math.ceil(picture.width / 2))
        if "patch_offsets" in inputs:
            # EoMT cuts wide images into pieces, and puts the answers together at the size of what was cut.
            outputs["patch_offsets"] = inputs["patch_offsets"]
            size = (picture.height, picture.width)
        (segmented,) = self._processor.post_process_semantic_segmentation(
            outputs, target_sizes=[size], return_segmentation_scores=True
        )
        scores = segmented["segmentation_scores"]
        return np.asarray(_probabilities(scores, "logits" in outputs).cpu())


def _no_larger_than_needed(picture: Image.Image) -> Image.Image:
    """Return the picture, shrunk where it has more pixels than any of these networks makes use of."""
    scale = math.sqrt(MOST_PIXELS / (picture.height * picture.width))
    if scale >= 1:
        return picture
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BILINEAR)


def _probabilities(scores: Tensor, are_logits: bool) -> Tensor:
    """Return probabilities (C, h, w): of logits by a softmax; sums over masks are brought to one at each pixel.

    A pixel that no mask covers gets the same for every class.
    """
    if are_logits:
        return scores.softmax(0)
    scores = scores + UNDECIDED
    return scores / scores.sum(0)


def _family(folder: Path) -> str:
    try:
        configuration = json.loads((folder / "config.json").read_text())
        family = str(configuration["model_type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NetworkFailedError(
            f"{folder} is no checkpoint: it has no config.json that names a `model_type`."
        ) from error
    if family not in FAMILIES:
        raise NetworkFailedError(f"{folder} is a '{family}'; known families are {', '.join(FAMILIES)}.")
    return family


def _processor(transformers: Any, folder: Path, family: str, resize: bool) -> Any:
    """Return the image processor of a checkpoint in the flavour that needs no torchvision."""
    # OneFormer's asks the hub for class names that only its training uses.
    changes: dict[str, Any] = {"class_info_file": None} if family == "oneformer" else {}
    if not resize:
        changes["do_resize"] = False
    return transformers.AutoImageProcessor.from_pretrained(
        folder, backend="pil", local_files_only=True, trust_remote_code=False, **changes
    )


def _task(transformers: Any, folder: Path) -> Tensor:
    """Return the tokens (1, 77) of OneFormer's task."""
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    tokens = tokenizer([TASK], padding="max_length", max_length=TASK_LENGTH, truncation=True, return_tensors="pt")
    # As the processor of the training does it: the tokens count where the mask says so, and are 0 elsewhere.
    task: Tensor = tokens["input_ids"] * tokens["attention_mask"]
    return task
