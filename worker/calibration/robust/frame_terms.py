"""The terms of one frame: what is computed once so that a pose can be judged many times."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from worker.calibration.camera import Camera
from worker.calibration.frame import ClassTable, Frame
from worker.calibration.robust.class_groups import agreement, group_matrix
from worker.calibration.robust.divergence import GroupDivergence
from worker.calibration.robust.maps import ChannelMaps, brightness, shares, shrunk
from worker.calibration.robust.point_groups import PointGroups
from worker.calibration.view_cone import ViewCone

# Maps of hard labels need no more columns than this: the sharpest level blurs by half a pixel of such an image.
_MAP_COLUMNS = 1300
_GREY_LEVELS = 8
_INTENSITY_LEVELS = 6
_MIN_POINTS_PER_LEVEL = 10


@dataclass(frozen=True)
class SemanticChannels:
    """Class groups of one frame in both modalities, before any blur.

    Attributes:
        channels: (h, w, C) probability of each group over the image.
        points: (N, 3), metres, LiDAR frame, those that may come into view.
        membership: (N, G) probability of each group.
        matches: (G, C) 1 where a point group and an image group bear the same name.
        kept: (M,) bool, which points of the frame these are.
    """

    channels: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    membership: npt.NDArray[np.float32]
    matches: npt.NDArray[np.float32]
    kept: npt.NDArray[np.bool_]

    @classmethod
    def from_frame(cls, frame: Frame, camera: Camera, cone: ViewCone) -> SemanticChannels:
        """Group the classes of a frame, from soft scores where there are some."""
        inside = cone.contains(torch.as_tensor(frame.points.T, dtype=cone.axis.dtype, device=cone.axis.device))
        kept = inside.cpu().numpy()
        membership, point_groups = _membership(frame, kept)
        channels, image_groups = _image_channels(frame, camera)
        matches = np.array([[agreement(g, c) for c in image_groups] for g in point_groups], np.float32)
        return cls(channels, frame.points[kept], membership, matches, kept)

    @property
    def is_informative(self) -> bool:
        """Tell whether each modality shows at least two groups, without which nothing can be aligned."""
        return self.channels.shape[2] >= 2 and self.membership.shape[1] >= 2 and len(self.points) > 0

    @cached_property
    def _groups(self) -> PointGroups:
        return PointGroups.from_dense(torch.from_numpy(self.membership))

    def _shrunk_for(self, sigma_px: float, camera: Camera) -> npt.NDArray[np.float32]:
        return shrunk(self.channels, int(sigma_px * self.channels.shape[1] / camera.width))

    def term(self, camera: Camera, sigma_px: float, dtype: torch.dtype, device: str) -> GroupDivergence:
        """Return the divergence of the groups with the image blurred by `sigma_px`."""
        return GroupDivergence.build(
            camera,
            _blurred_maps(self._shrunk_for(sigma_px, camera), camera, sigma_px, dtype, device),
            torch.as_tensor(self.points.T, dtype=dtype, device=device).contiguous(),
            self._groups.to(dtype, device),
            torch.as_tensor(self.matches, dtype=dtype, device=device),
        )


@dataclass(frozen=True)
class IntensityChannels:
    """Brightness of the image and, within each class group, reflected intensity of the points, in levels.

    Markings on asphalt and signs show in both.

    Attributes:
        grey_level: (H, W) brightness level of every pixel.
        groups: the intensity level, within its class group, of every point of `SemanticChannels.points`.
    """

    grey_level: npt.NDArray[np.uint8]
    groups: PointGroups

    @classmethod
    def from_frame(cls, frame: Frame, semantic: SemanticChannels) -> IntensityChannels | None:
        """Sort brightness and intensity into levels of equal share; None without an image or without an intensity."""
        if frame.image is None or frame.intensity is None:
            return None
        groups = _intensity_levels(frame.intensity[semantic.kept], semantic.membership.argmax(1))
        return cls(_grey_level(frame.image), groups) if groups.count >= 2 else None

    def term(
        self, semantic: SemanticChannels, camera: Camera, sigma_px: float, dtype: torch.dtype, device: str
    ) -> GroupDivergence:
        """Return the divergence of the levels with the image blurred by `sigma_px`."""
        return GroupDivergence.build(
            camera,
            _blurred_maps(shares(self.grey_level, _GREY_LEVELS, int(sigma_px)), camera, sigma_px, dtype, device),
            torch.as_tensor(semantic.points.T, dtype=dtype, device=device).contiguous(),
            self.groups.to(dtype, device),
            torch.zeros(self.groups.count, _GREY_LEVELS, dtype=dtype, device=device),
        )


def _blurred_maps(
    channels: npt.NDArray[np.float32], camera: Camera, sigma_px: float, dtype: torch.dtype, device: str
) -> ChannelMaps:
    """Blur channels (h, w, C), on a grid as coarse as the blur allows, by `sigma_px`."""
    scale_u, scale_v = channels.shape[1] / camera.width, channels.shape[0] / camera.height
    return ChannelMaps.from_channels(channels, scale_u, scale_v, dtype, device, sigma=sigma_px * scale_u)


def _image_channels(frame: Frame, camera: Camera) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Return the groups' probabilities over the image (h, w, C), and the groups."""
    if frame.image_scores is not None:
        num_classes = len(frame.image_scores)
        matrix, groups = group_matrix(frame.image_classes.common, num_classes, frame.image_labels)
        return np.tensordot(_single_precision(frame.image_scores), matrix, (0, 0)), groups
    group_of_pixel, groups = _hard_groups(frame.image_labels, frame.image_classes)
    one_hot = (group_of_pixel[..., None] == np.arange(len(groups))).astype(np.float32)
    return shrunk(one_hot, max(1, round(camera.width / _MAP_COLUMNS))), groups


def _single_precision(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Return class probabilities as float32; torch converts halves, as networks leave them, far faster than numpy."""
    return torch.tensor(scores).float().numpy()


def _membership(frame: Frame, kept: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Return the groups' probabilities of the points kept (N, G), and the groups."""
    if frame.point_scores is not None:
        scores = _single_precision(frame.point_scores[kept])
        matrix, groups = group_matrix(frame.point_classes.common, scores.shape[1], frame.point_labels[kept])
        return scores @ matrix, groups
    group_of_point, groups = _hard_groups(frame.point_labels[kept], frame.point_classes)
    return (group_of_point[:, None] == np.arange(len(groups))).astype(np.float32), groups


def _hard_groups(labels: npt.NDArray[np.integer], classes: ClassTable) -> tuple[npt.NDArray[np.int16], tuple[str, ...]]:
    """Return the group of every label, -1 for none, and the groups."""
    num_classes = int(labels.max(initial=0)) + 1
    matrix, groups = group_matrix(classes.common, num_classes, labels)
    table = np.where(matrix.any(1), matrix.argmax(1), -1) if groups else np.full(num_classes, -1)
    return table.astype(np.int16)[labels], groups


def _grey_level(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the brightness level (H, W) of every pixel, of levels of equal share."""
    grey = brightness(image)
    bounds = np.quantile(grey[::4, ::4], np.linspace(0, 1, _GREY_LEVELS + 1)[1:-1]).astype(np.float32)
    level = np.zeros(grey.shape, np.uint8)
    for bound in bounds:
        level += grey > bound
    return level


def _intensity_levels(intensity: npt.NDArray[np.float32], group: npt.NDArray[np.integer]) -> PointGroups:
    """Return as groups the intensity levels, of equal share within each class group, of points (N,)."""
    label, count = np.full(len(intensity), -1, np.int16), 0
    for index in np.unique(group):
        mine = group == index
        if mine.sum() < _INTENSITY_LEVELS * _MIN_POINTS_PER_LEVEL:
            continue
        bounds = np.quantile(intensity[mine], np.linspace(0, 1, _INTENSITY_LEVELS + 1)[1:-1])
        label[mine] = count + np.searchsorted(bounds, intensity[mine])
        count += _INTENSITY_LEVELS
    return PointGroups.from_labels(torch.from_numpy(label), count)
