"""Run 3D-MiniNet on LiDAR sweeps."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from models.backends.state_dicts import load_weights, prepare_for_inference
from models.catalogue import CatalogueEntry
from models.networks.mininet3d import MiniNet3D
from models.processing.knn_vote import knn_vote
from models.processing.point_features import point_features
from models.processing.range_image import RangeImageGeometry, project
from models.segmentation import Segmentation

UNLABELED = 0


def load_network(files: Mapping[str, bytes], num_classes: int, device: torch.device) -> MiniNet3D:
    """Return 3D-MiniNet with its released weights, prepared for inference on a device."""
    network = MiniNet3D(num_classes=num_classes)
    load_weights(network.backbone, files["backbone"])
    load_weights(network.decoder, files["segmentation_decoder"])
    load_weights(network.head, files["segmentation_head"])
    prepare_for_inference(network, device)
    return network


class MiniNet3DSegmenter:
    """3D-MiniNet tiny with SemanticKITTI classes; a point's scores are those of its pixel, before the vote.

    A point without a direction, at the origin or infinitely far, stays unlabeled.
    """

    def __init__(self, entry: CatalogueEntry, files: Mapping[str, bytes], device: str) -> None:
        self.name = entry.name
        self._class_names = entry.class_names
        self._geometry = RangeImageGeometry()
        self._device = torch.device(device)
        self._network = load_network(files, len(entry.class_names), self._device)

    def segment(self, points: npt.NDArray[np.float32]) -> Segmentation:
        """Segment points (N, 4) float32, finite: x, y, z in metres (x forward, z up), remission in 0..1."""
        with np.errstate(over="ignore"):  # a range that overflows is told apart below
            ranges = np.linalg.norm(points[:, :3], axis=1)
        visible = np.flatnonzero((ranges > 0) & np.isfinite(ranges))
        labels = np.full(len(points), UNLABELED, np.uint8)
        scores = np.zeros((len(points), len(self._class_names)), np.float16)
        scores[:, UNLABELED] = 1
        if len(visible):
            labels[visible], scores[visible] = self._segment_visible(points[visible])
        return Segmentation(labels, self._class_names, scores)

    @torch.inference_mode()
    def _segment_visible(
        self, points: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
        """Return labels (N,) and scores (N, C) of points that have a direction."""
        image = project(points[:, :3], self._geometry)
        logits = self._network(point_features(points, image, self._device))[0]
        pixels, point_ranges, ranges = (
            torch.from_numpy(array).to(self._device) for array in (image.pixels, image.point_ranges, image.ranges)
        )
        labels = knn_vote(logits.argmax(0), ranges, pixels, point_ranges, len(self._class_names))
        scores = logits.permute(1, 2, 0).flatten(0, 1)[pixels].softmax(1)
        return labels.to(torch.uint8).cpu().numpy(), scores.half().cpu().numpy()
