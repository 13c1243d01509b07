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


class MiniNet3DSegmenter:
    """3D-MiniNet tiny with SemanticKITTI classes; a point's scores are those of its pixel, before the vote.

    A point at the origin has no direction: it stays unlabeled, with certainty.
    """

    def __init__(self, entry: CatalogueEntry, files: Mapping[str, bytes], device: str) -> None:
        network = MiniNet3D(num_classes=len(entry.class_names))
        for part, name in (
            (network.backbone, "backbone"),
            (network.decoder, "segmentation_decoder"),
            (network.head, "segmentation_head"),
        ):
            load_weights(part, files[name])
        self.name = entry.name
        self._class_names = entry.class_names
        self._geometry = RangeImageGeometry()
        self._device = torch.device(device)
        self._network = network
        prepare_for_inference(network, self._device)

    def segment(self, points: npt.NDArray[np.float32]) -> Segmentation:
        """Segment points (N, 4) float32, finite: x, y, z in metres (x forward, z up), remission in 0..1."""
        num_classes = len(self._class_names)
        labels = np.full(len(points), UNLABELED, np.uint8)
        scores = np.zeros((len(points), num_classes), np.float16)
        scores[:, UNLABELED] = 1
        seen = np.flatnonzero(points[:, :3].any(axis=1))
        if len(seen):
            labels[seen], scores[seen] = self._segment_visible(points if len(seen) == len(points) else points[seen])
        return Segmentation(labels, self._class_names, scores)

    @torch.inference_mode()
    def _segment_visible(
        self, points: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
        """Return labels (N,) and scores (N, C) of points away from the origin."""
        image = project(points[:, :3], self._geometry)
        features = point_features(points, image, self._device)
        logits = self._network(features.contiguous(memory_format=torch.channels_last))[0]
        pixels = torch.from_numpy(image.pixels).to(self._device)
        labels = knn_vote(
            logits.argmax(0),
            torch.from_numpy(image.ranges).to(self._device),
            pixels,
            torch.from_numpy(image.point_ranges).to(self._device),
            len(self._class_names),
        )
        scores = logits.permute(1, 2, 0).flatten(0, 1)[pixels].softmax(1)
        return labels.to(torch.uint8).cpu().numpy(), scores.half().cpu().numpy()
