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


class ESPNetv2Segmenter:
    """ESPNetv2 with Cityscapes classes; scores come at half the network's resolution."""

    def __init__(self, entry: CatalogueEntry, files: Mapping[str, bytes], device: str) -> None:
        network = ESPNetv2(len(entry.class_names))
        load_weights(network, files[entry.files[0].name])
        self.name = entry.name
        self._class_names = entry.class_names
        self._device = torch.device(device)
        self._network = network
        prepare_for_inference(network, self._device)
        fuse_pooling(network)

    def segment(self, image: npt.NDArray[np.uint8]) -> Segmentation:
        """Segment an image (H, W, 3) uint8 RGB."""
        with torch.inference_mode():
            network_input = self._network_input(image)
            logits = self._network.coarse_logits(network_input)[0]
            sides = list(zip(logits.shape[1:], network_input.shape[2:], image.shape[:2], strict=True))
            rows, columns = (image_axis(*side).to(self._device) for side in sides)
            labels = sample_labels(logits, rows, columns)
            rows, columns = (half_axis(*side[:2]).to(self._device) for side in sides)
            scores = sample_all(logits, rows, columns).softmax(2).half().permute(2, 0, 1).contiguous()
        return Segmentation(labels.cpu().numpy(), self._class_names, scores.cpu().numpy())

    def _network_input(self, image: npt.NDArray[np.uint8]) -> Tensor:
        """Return the image resized and normalised, (1, 3, h, w) float32."""
        resized = torch.from_numpy(resize_bilinear(image, network_size(*image.shape[:2]))).to(self._device)
        # The RGB of an image is already channels last: only its strides are permuted.
        scaled = resized.permute(2, 0, 1)[None] / 255
        mean, deviation = scaled.new_tensor(IMAGENET_MEAN), scaled.new_tensor(IMAGENET_DEVIATION)
        return (scaled - mean[:, None, None]) / deviation[:, None, None]
