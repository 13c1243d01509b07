"""Run ESPNetv2 on camera images."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.backends.state_dicts import load_weights, prepare_for_inference
from models.catalogue import CatalogueEntry
from models.networks.espnetv2 import ESPNetv2
from models.networks.espnetv2_fused import fuse_pooling
from models.processing.bilinear_resize import resize_bilinear
from models.processing.logit_sampling import half_axis, image_axis, sample_all, sample_labels
from models.segmentation import Segmentation

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
STRIDE = 32
# The network was trained on 1024x512 images: larger ones are shrunk to about as many pixels.
MOST_PIXELS = 1024 * 512


def network_size(height: int, width: int) -> tuple[int, int]:
    """Return the (height, width) at which an image goes through the network.

    Images keep their size, or shrink to 1024 * 512 pixels where they are larger; then each side is rounded up to a
    multiple of 32, which changes the aspect by a few percent at most on usual images. 1241x376 becomes 1248x384.
    """
    scale = min(1.0, math.sqrt(MOST_PIXELS / (height * width)))
    return STRIDE * math.ceil(height * scale / STRIDE), STRIDE * math.ceil(width * scale / STRIDE)


def load_network(files: Mapping[str, bytes], num_classes: int, device: torch.device) -> ESPNetv2:
    """Return ESPNetv2 with its released weights, prepared for inference on a device."""
    (content,) = files.values()
    network = ESPNetv2(num_classes)
    load_weights(network, content)
    prepare_for_inference(network, device)
    fuse_pooling(network)
    return network


def network_input(image: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """Return an image (H, W, 3) uint8 RGB resized and normalised, (1, 3, h, w) float32 with channels innermost."""
    resized = torch.from_numpy(resize_bilinear(image, network_size(*image.shape[:2]))).to(device)
    scaled = resized.permute(2, 0, 1)[None] / 255
    mean, deviation = scaled.new_tensor(IMAGENET_MEAN), scaled.new_tensor(IMAGENET_DEVIATION)
    return (scaled - mean[:, None, None]) / deviation[:, None, None]


class ESPNetv2Segmenter:
    """ESPNetv2 with Cityscapes classes; scores come at half the network's resolution."""

    def __init__(self, entry: CatalogueEntry, files: Mapping[str, bytes], device: str) -> None:
        self.name = entry.name
        self._class_names = entry.class_names
        self._device = torch.device(device)
        self._network = load_network(files, len(entry.class_names), self._device)

    @torch.inference_mode()
    def segment(self, image: npt.NDArray[np.uint8]) -> Segmentation:
        """Segment an image (H, W, 3) uint8 RGB."""
        x = network_input(image, self._device)
        logits = self._network.coarse_logits(x)[0]
        sides = list(zip(logits.shape[1:], x.shape[2:], image.shape[:2], strict=True))
        labels = sample_labels(logits, *(image_axis(*side).to(self._device) for side in sides))
        half = sample_all(logits, *(half_axis(cells, network).to(self._device) for cells, network, _ in sides))
        scores = half.softmax(2).half().permute(2, 0, 1).contiguous()
        return Segmentation(labels.cpu().numpy(), self._class_names, scores.cpu().numpy())
