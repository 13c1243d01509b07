"""How differently the image looks under different groups of points: a balanced form of mutual information.

It needs no map between the two label sets: the joint histogram over the projected points learns which classes go
together, their confusions included. (Mutual information for registration: Viola and Wells 1997; for cameras and LiDARs
Pandey et al. 2015, there on intensities.) Plain mutual information also grows when a pose shows a richer mix of groups,
and so runs away towards it. Here every group has a fixed weight, whatever the pose shows of it: the value is the
Jensen-Shannon divergence of the groups' channel distributions, and only their separation counts. Where groups of both
modalities bear the same name, the share of each group's points that meet their own name is added.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from worker.calibration.camera import Camera
from worker.calibration.parallel import for_each
from worker.calibration.robust import kernels
from worker.calibration.robust.maps import ChannelMaps
from worker.calibration.robust.point_groups import PointGroups
from worker.calibration.robust.projection import pixels_for, pulled_back
from worker.calibration.robust.term import Linearization, point_gradients
from worker.calibration.transforms import RigidTransform

_PAIRS_PER_CHUNK = {"cpu": 1 << 16, "cuda": 1 << 23}
# Share of all points that a group in view is thought to have seen of the average image beforehand: a group of few
# points cannot look distinct by chance, and one out of view has nothing to say.
_SHRINKAGE = 0.003
_FLOOR = 1e-6


@dataclass(frozen=True)
class GroupDivergence:
    """Jensen-Shannon divergence, in nats, of what the image shows under each point group, plus agreement of names.

    Attributes:
        camera: intrinsics and image size.
        maps: (h, w, C) probability of each image channel.
        points: (3, N), metres, LiDAR frame.
        groups: of every point, G in all.
        matches: (G, C) 1 where group and channel bear the same name; all 0 leaves the divergence alone.
        group_weights: (G,) fixed weight of each group, sum 1.
        background: (C,) mean of the maps.
    """

    camera: Camera
    maps: ChannelMaps
    points: Tensor
    groups: PointGroups
    matches: Tensor
    group_weights: Tensor
    background: Tensor

    @classmethod
    def build(
        cls, camera: Camera, maps: ChannelMaps, points: Tensor, groups: PointGroups, matches: Tensor
    ) -> GroupDivergence:
        """Weigh groups by the square root of their share: no class dominates, and none of a few points does."""
        weights = groups.mean_share().sqrt()
        channels = maps.mean()
        background = channels / channels.sum().clamp_min(_FLOOR)
        return cls(camera, maps, points, groups, matches, weights / weights.sum().clamp_min(_FLOOR), background)

    def thinned(self, count: int) -> Self:
        """Return the same term over every n-th point, about `count` of them."""
        step = max(1, self.points.shape[1] // count)
        return replace(self, points=self.points[:, ::step].contiguous(), groups=self.groups[slice(None, None, step)])

    def at(self, which: Tensor) -> Self:
        """Return the same term over the points of these indices."""
        return replace(self, points=self.points[:, which].contiguous(), groups=self.groups[which])

    def score(self, T_cam_lidar: RigidTransform) -> Tensor:
        """Return the scores (B,) at a batch of poses, channels looked up without interpolation."""
        step = max(1, _PAIRS_PER_CHUNK[self.points.device.type] // max(1, self.points.shape[1]))
        batches = [T_cam_lidar[start : start + step] for start in range(0, len(T_cam_lidar.translation), step)]
        if self.points.device.type == "cpu":
            return torch.cat([torch.from_numpy(each) for each in for_each(self._fused_scores, batches)])
        return torch.cat([self._scores(batch) for batch in batches])

    def linearize(self, T_cam_lidar: RigidTransform) -> Linearization:
        """Return value, gradient and information at one pose.

        The value is a function of the joint histogram, which is a sum over points: its gradient is that of the points,
        each weighed by the function's sensitivity to the cells it falls into.
        """
        if self.points.device.type == "cpu":
            return self._fused_linearization(T_cam_lidar)
        return self._linearization(T_cam_lidar)

    def _fused_scores(self, T_cam_lidar: RigidTransform) -> Any:
        pixels = pixels_for(self.camera, T_cam_lidar, self.points)
        return kernels.score_poses(*T_cam_lidar.arrays, *pixels, *self._arrays)

    def _fused_linearization(self, T_cam_lidar: RigidTransform) -> Linearization:
        lens, pixels = pixels_for(self.camera, T_cam_lidar, self.points)
        along = np.zeros((3, pixels.shape[-1]))
        packed = kernels.linearize_divergence(*T_cam_lidar.arrays, lens, pixels, *self._arrays, along)
        if len(pixels):
            packed[1:] = pulled_back(self.camera, T_cam_lidar, self.points, along)
        return Linearization(packed)

    @cached_property
    def _arrays(self) -> tuple[Any, ...]:
        """Return what the kernels take after the pose and the camera."""
        h, w = self.maps.shape
        return (
            self.points.numpy(),
            self.groups.index.numpy(),
            self.groups.share.numpy(),
            self.maps.table.numpy(),
            (h, w, self.maps.scale_u, self.maps.scale_v),
            *(t.to(torch.float64).numpy() for t in (self.group_weights, self.background, self.matches)),
            _SHRINKAGE * self.points.shape[1],
            _FLOOR,
        )

    @torch.no_grad()
    def _scores(self, T_cam_lidar: RigidTransform) -> Tensor:
        u, v, visible = self.camera.project(T_cam_lidar.apply(self.points))
        return self._value(self.groups.dense.mT @ self.maps.nearest(u, v, visible))[0]

    @torch.no_grad()
    def _linearization(self, T_cam_lidar: RigidTransform) -> Linearization:
        points_cam = T_cam_lidar.apply(self.points)
        u, v, visible = self.camera.project(points_cam)
        seen = visible.nonzero().squeeze(-1)
        points_cam, membership = points_cam.index_select(1, seen), self.groups.dense.index_select(0, seen)
        channels, along_u, along_v = self.maps.bilinear(u[seen], v[seen])
        value, sensitivity, mass = self._value(membership.mT @ channels)
        weight = membership @ sensitivity
        gradients = point_gradients(self.camera, (along_u * weight).sum(-1), (along_v * weight).sum(-1), points_cam)
        mass_of_point = (membership @ mass).clamp_min(_FLOOR * _FLOOR)
        return Linearization.of(value, gradients.sum(-1), (gradients / mass_of_point) @ gradients.mT)

    def _value(self, counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the value (...) of joint counts (..., G, C), its derivative (..., G, C) and a count's mass (..., G).

        With p_g the distribution of group g, m their weighted mean and w_g its weight, the value is the sum of
        w_g KL(p_g || m); m follows the p_g, but its own derivative cancels.
        """
        shrinkage = _SHRINKAGE * self.points.shape[1]
        total = counts.sum(-1, keepdim=True) + shrinkage
        given_group = (counts + shrinkage * self.background) / total + _FLOOR
        weights = self.group_weights[:, None]
        log_ratio = (given_group / (weights * given_group).sum(-2, keepdim=True)).log()
        divergence = (given_group * log_ratio).sum(-1, keepdim=True)
        agreement = (given_group * self.matches).sum(-1, keepdim=True)
        mass = weights / total
        return (
            (weights * (divergence + agreement)).sum((-2, -1)),
            mass * (log_ratio - divergence + self.matches - agreement),
            mass.squeeze(-1),
        )
