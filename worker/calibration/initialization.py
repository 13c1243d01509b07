"""Loss-guided initialization (Section III-C): the best of N random transforms of the initial extrinsic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.calibration import fused
from worker.calibration.camera import Camera
from worker.calibration.config import CalibrationConfig
from worker.calibration.loss import SemanticAlignmentLoss
from worker.calibration.parallel import for_each
from worker.calibration.progress import OnProgress, Progress
from worker.calibration.transforms import RigidTransform, sample_perturbations

# Candidates judged between two progress reports.
_REPORT_EVERY = 250
# Points counted first: most candidates reach M among them and need no further counting.
_FIRST_POINTS = 16_384
_PAIRS_PER_CHUNK = 1 << 17


@dataclass(frozen=True)
class Initialization:
    """What the search found.

    Attributes:
        T_cam_lidar: the admissible candidate with the lowest Eq. 1, unbatched; None when M rejected all.
        loss_px2: its loss.
        num_rejected: candidates that M rejected.
        initial_is_admissible: whether M let the initial extrinsic pass; the loss of one that looks away says nothing.
    """

    T_cam_lidar: RigidTransform | None
    loss_px2: float
    num_rejected: int
    initial_is_admissible: bool


def loss_guided_initialization(
    loss: SemanticAlignmentLoss,
    all_points: list[Tensor],
    initial: RigidTransform,
    config: CalibrationConfig,
    on_progress: OnProgress,
) -> Initialization:
    """Try the initial extrinsic and N random transforms of it within the prior; keep the lowest Eq. 1.

    Candidates with fewer than M LiDAR points of any class in view, over all frames M times as many, are skipped: a
    camera that looks away would have loss 0. With N = 0 there is no search, and the initial extrinsic is the start
    whatever it sees; with M = 0 there is no such rule.

    Args:
        loss: Eq. 1 over the points that may come into view.
        all_points: per frame (3, N), every LiDAR point that may come into view, metres.
        initial: T_cam_lidar, unbatched.
        config: N, M, the prior and the seed.
        on_progress: told the share of candidates judged and the best loss so far.
    """
    candidates = _candidates(initial, config)
    points = torch.cat([_shuffled(p, config.seed) for p in all_points], dim=1)
    minimum = config.min_points_in_view * len(all_points)
    initial_is_admissible = bool(sees_at_least(minimum, points, loss.camera, candidates[:1]))
    if config.num_samples == 0:
        initial_loss = float(loss.in_chunks(candidates).total_px2)
        on_progress(Progress("initialization", 1.0, initial_loss))
        return Initialization(initial, initial_loss, 0, initial_is_admissible)
    total = len(candidates.translation)
    parts = [candidates[start : start + _REPORT_EVERY] for start in range(0, total, _REPORT_EVERY)]
    judged = for_each(
        lambda part: _judge(part, sees_at_least(minimum, points, loss.camera, part), loss),
        parts,
        lambda made: on_progress(Progress("initialization", len(made) / len(parts), _finite(_lowest(made).loss_px2))),
    )
    lowest = _lowest(judged)
    num_rejected = sum(each.num_rejected for each in judged)
    return Initialization(lowest.T_cam_lidar, lowest.loss_px2, num_rejected, initial_is_admissible)


@dataclass(frozen=True)
class _Judged:
    """The best of some candidates, None where M rejected all, with its loss; and how many M rejected."""

    T_cam_lidar: RigidTransform | None
    loss_px2: float
    num_rejected: int


def _judge(candidates: RigidTransform, admissible: Tensor, loss: SemanticAlignmentLoss) -> _Judged:
    num_rejected = int((~admissible).sum())
    if num_rejected == len(admissible):
        return _Judged(None, math.inf, num_rejected)
    candidates = candidates[admissible]
    losses = loss.in_chunks(candidates).total_px2
    index = int(losses.argmin())
    loss_px2 = float(losses[index])
    if not math.isfinite(loss_px2):
        return _Judged(None, math.inf, num_rejected)
    return _Judged(candidates[index], loss_px2, num_rejected)


def _lowest(judged: Sequence[_Judged]) -> _Judged:
    return min(judged, key=lambda each: each.loss_px2)


@torch.no_grad()
def sees_at_least(minimum: int, points: Tensor, camera: Camera, T_cam_lidar: RigidTransform) -> Tensor:
    """Tell which of B extrinsics have at least `minimum` of the points (3, N) in view: (B,) bool.

    Exact, but points are counted in two portions, and the second only for candidates that the first left undecided.
    """
    if minimum <= 0:
        return torch.ones(len(T_cam_lidar.translation), dtype=torch.bool, device=points.device)
    count = _count_in_view(points[:, :_FIRST_POINTS], camera, T_cam_lidar)
    remaining = points[:, _FIRST_POINTS:]
    undecided = (count < minimum) & (count + remaining.shape[1] >= minimum)
    if undecided.any() and remaining.shape[1] > 0:
        count[undecided] += _count_in_view(remaining, camera, T_cam_lidar[undecided])
    return count >= minimum


def _count_in_view(points: Tensor, camera: Camera, T_cam_lidar: RigidTransform) -> Tensor:
    if points.device.type == "cpu" and (lens := camera.lens) is not None:
        poses = (
            each.to(torch.float64).contiguous().numpy() for each in (T_cam_lidar.rotation, T_cam_lidar.translation)
        )
        return torch.from_numpy(fused.count_in_view(*poses, lens, points.contiguous().numpy()))
    step = max(1, _PAIRS_PER_CHUNK // max(1, points.shape[1]))
    batches = range(0, len(T_cam_lidar.translation), step)
    return torch.cat([camera.project(T_cam_lidar[i : i + step].apply(points))[2].sum(-1) for i in batches])


def _candidates(initial: RigidTransform, config: CalibrationConfig) -> RigidTransform:
    generator = torch.Generator().manual_seed(config.seed)
    prior = config.prior
    translation_m = 0.0 if config.hold_translation else prior.translation_m
    perturbations = sample_perturbations(
        config.num_samples, math.radians(prior.rotation_deg), translation_m, generator, initial.translation.dtype
    ).to(device=initial.translation.device)
    moved = perturbations @ initial
    return RigidTransform(
        torch.cat([initial.rotation[None], moved.rotation]), torch.cat([initial.translation[None], moved.translation])
    )


def _shuffled(points: Tensor, seed: int) -> Tensor:
    """Return the points in random order: a prefix of a sweep shows one direction only."""
    order = torch.randperm(points.shape[1], generator=torch.Generator().manual_seed(seed))
    return points[:, order.to(points.device)]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
