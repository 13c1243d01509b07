"""Run the project's own street network on camera images."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load
from torch import Tensor
from torch.nn import functional

from models.backends.state_dicts import prepare_for_inference
from models.catalogue import CatalogueEntry
from models.networks.street_unet import STRIDE, StreetUNet
from models.segmentation import Segmentation

# The network was trained on images 640 pixels wide: larger ones are shrunk to about as many pixels.
MOST_PIXELS = 640 * 256


def network_size(height: int, width: int) -> tuple[int, int]:
    """Return the (height, width) at which an image goes through the network: multiples of 16, 1241x376 as 736x224."""
    scale = min(1.0, math.sqrt(MOST_PIXELS / (height * width)))
    return STRIDE * math.ceil(height * scale / STRIDE), STRIDE * math.ceil(width * scale / STRIDE)


def network_input(image: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """Return an image (H, W, 3) uint8 RGB at the network's size, (1, 3, h, w) float32 in 0..1, channels innermost."""
    pixels = torch.tensor(image).to(device).permute(2, 0, 1)[None].float() / 255
    size = network_size(*image.shape[:2])
    resized = functional.interpolate(pixels, size, mode="bilinear", align_corners=False, antialias=True)
    return resized.contiguous(memory_format=torch.channels_last)


class StreetUNetSegmenter:
    """The street network with the renderer's classes; scores come at half the network's resolution."""

    def __init__(self, entry: CatalogueEntry, files: Mapping[str, bytes], device: str) -> None:
        self.name = entry.name
        self._class_names = entry.class_names
        self._device = torch.device(device)
        self._network = StreetUNet(len(entry.class_names))
        (content,) = files.values()
        # Stored in half precision, run in single.
        self._network.load_state_dict({name: value.float() for name, value in load(content).items()}, strict=True)
        prepare_for_inference(self._network, self._device)

    @torch.inference_mode()
    def segment(self, image: npt.NDArray[np.uint8]) -> Segmentation:
        """Segment an image (H, W, 3) uint8 RGB."""
        logits = self._network(network_input(image, self._device))
        at_image = functional.interpolate(logits, image.shape[:2], mode="bilinear", align_corners=False)[0]
        labels = at_image.argmax(0).to(torch.uint8)
        scores = logits[0].softmax(0).half().contiguous()
        return Segmentation(labels.cpu().numpy(), self._class_names, scores.cpu().numpy())
