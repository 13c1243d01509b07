"""The robust estimate, as one column of named steps: spread, follow up, climb, choose."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from worker.calibration.config import CalibrationConfig
from worker.calibration.parallel import for_each
from worker.calibration.progress import OnProgress, Progress
from worker.calibration.robust.cues import FINE, MEDIUM, FrameCues
from worker.calibration.robust.divergence import GroupDivergence
from worker.calibration.robust.objective import GaussianPrior, RobustObjective, WeightedFrame
from worker.calibration.robust.refinement import Ascent, ascend
from worker.calibration.robust.search import Candidates, best_of_each, score, spread
from worker.calibration.robust.second_look import SecondLook
from worker.calibration.robust.settings import RobustSettings
from worker.calibration.robust.term import Term
from worker.calibration.transforms import RigidTransform, rotation_angle_rad

# Points per job at each level: enough for the level's sharpness, few enough for the number of poses it judges.
_SEARCH_POINTS, _FOLLOW_UP_POINTS, _MEDIUM_POINTS, _FINE_POINTS = 1200, 2000, 2500, 8000
_POLISH_POINTS = 100_000
_MIN_POINTS_PER_FRAME = 200
# Basins are wider than this apart at each level (deg).
_SEARCH_SEPARATION_DEG, _FINAL_SEPARATION_DEG = 4.0, 0.4
# The prior (deg) that the settings' numbers of candidates, basins and finalists are meant for.
_USUAL_ROTATION_DEG = 10.0
# Poses tried around each basin, and how far around (deg).
_FOLLOW_UP_COUNT, _FOLLOW_UP_DEG = 64, 2.5
_MEDIUM_STEPS, _FINE_STEPS, _POLISH_STEPS = 7, 15, 5
# The second look goes so far around (deg), and climbs over few points, then over as many as rank the finalists.
_LOOK_AGAIN_DEG = 3.0
_LOOK_STEPS, _LOOK_AT_TOP_STEPS = 10, 5
# A caller who states no room still gets this much: nobody knows an extrinsic better (deg, m).
_LEAST_ROTATION_DEG, _LEAST_TRANSLATION_M = 0.5, 0.01
# Standard deviation of a centre that is held (m): nothing that frames say moves it by more.
_HELD_TRANSLATION_M = 1e-5
# Shifts matter less than turns until the end; only a wide prior needs them searched (m).
_SEARCHED_TRANSLATION_M = 0.1


@dataclass(frozen=True)
class Estimate:
    """What the search and the climb found.

    Attributes:
        finalists: climbed poses, the best first; the second is the strongest rival from another basin.
        level: the sharpest objective, to be narrowed around any pose.
        objective: the objective around the best finalist, over as many points as rank the finalists.
    """

    finalists: tuple[Ascent, ...]
    level: FineLevel
    objective: RobustObjective

    @property
    def best(self) -> Ascent:
        """Return the estimate."""
        return self.finalists[0]

    def value_at(self, T_cam_lidar: RigidTransform) -> float:
        """Return the objective at any pose, over the points seen from there, to compare it with the finalists."""
        return self.level.around(T_cam_lidar, _FINE_POINTS)(T_cam_lidar).value


def gaussian_prior(initial: RigidTransform, config: CalibrationConfig) -> GaussianPrior:
    """Turn the caller's bounds into standard deviations: those of a uniform distribution between them."""
    uniform = 1 / math.sqrt(3)
    return GaussianPrior(
        initial,
        math.radians(max(config.prior.rotation_deg, _LEAST_ROTATION_DEG)) * uniform,
        _HELD_TRANSLATION_M
        if config.hold_translation
        else max(config.prior.translation_m, _LEAST_TRANSLATION_M) * uniform,
    )


def estimate(
    cues: Sequence[FrameCues],
    frame_weights: Sequence[float],
    initial: RigidTransform,
    config: CalibrationConfig,
    on_progress: OnProgress,
    *,
    loss_at: Callable[[RigidTransform], float] | None = None,
) -> Estimate:
    """Find the pose that explains all frames best within the caller's prior.

    Args:
        cues: of every frame.
        frame_weights: how much each frame counts.
        initial: T_cam_lidar, unbatched.
        config: prior, seed and settings.
        on_progress: told how far it is.
        loss_at: what is reported as the loss of the best pose so far; nothing is without it.
    """
    settings = config.robust
    prior = gaussian_prior(initial, config)

    told: tuple[Ascent, float | None] | None = None

    def report(fraction: float, ascents: Sequence[Ascent]) -> None:
        nonlocal told
        best = _best_first(ascents)[0]
        # As long as the best one stays the same, so does its loss.
        if told is None or told[0] is not best:
            told = best, loss_at(best.T_cam_lidar) if loss_at else None
        on_progress(Progress("refinement", fraction, told[1]))

    basins = search(cues, frame_weights, initial, config, on_progress)

    medium = _Levels(cues, frame_weights, settings, prior).medium()
    climbed = for_each(
        lambda pose: ascend(medium, pose, _MEDIUM_STEPS),
        list(basins.T_cam_lidar),
        lambda made: report(0.5 * len(made) / len(basins.score), made),
    )

    fine = _Levels(cues, frame_weights, settings, prior).fine(_best_first(climbed)[0].T_cam_lidar)
    num_finalists = round(settings.num_finalists * _effort(config))
    contenders = _distinct(_judged_by(fine.thinned, climbed), num_finalists)
    finalists = for_each(
        lambda each: ascend(fine.around(each.T_cam_lidar, _FINE_POINTS), each.T_cam_lidar, _FINE_STEPS),
        contenders,
        lambda made: report(0.5 + 0.5 * len(made) / len(contenders), made),
    )
    finalists += _looked_again(fine, _best_first(finalists)[0].T_cam_lidar, config)
    best, *rivals = _distinct(_best_first(finalists), len(finalists))
    polished = ascend(fine.around(best.T_cam_lidar, _POLISH_POINTS, unhidden=True), best.T_cam_lidar, _POLISH_STEPS)
    near = fine.around(polished.T_cam_lidar, _FINE_POINTS)
    settled = Ascent(polished.T_cam_lidar, near(polished.T_cam_lidar), (*best.history, *polished.history))
    return Estimate((settled, *rivals), fine, near)


def settle(found: Estimate, frame_weights: Sequence[float]) -> Estimate:
    """Climb on from an estimate with other frame weights."""
    level = found.level.with_frame_weights(frame_weights)
    near = level.around(found.best.T_cam_lidar, _FINE_POINTS)
    best = ascend(near, found.best.T_cam_lidar, _FINE_STEPS)
    # Other weights, other values: rivals are measured by the same ones.
    rivals = [
        replace(rival, at=level.around(rival.T_cam_lidar, _FINE_POINTS)(rival.T_cam_lidar))
        for rival in found.finalists[1:]
    ]
    return Estimate((best, *_best_first(rivals)), level, near)


def _looked_again(fine: FineLevel, around: RigidTransform, config: CalibrationConfig) -> list[Ascent]:
    """Climb from the best other places around an estimate, over few points to the hill and over many to its top."""
    if not config.robust.num_second_looks:
        return []
    look = SecondLook(config.robust.num_second_looks, min(_LOOK_AGAIN_DEG, config.prior.rotation_deg))

    def climb(place: RigidTransform) -> Ascent:
        near_top = ascend(fine.thinned, place, _LOOK_STEPS).T_cam_lidar
        return ascend(fine.around(near_top, _FINE_POINTS), near_top, _LOOK_AT_TOP_STEPS)

    return for_each(climb, look.places(fine.full, around, config.seed + 2))


def _effort(config: CalibrationConfig) -> float:
    """Return how many times as wide as usual the prior is: a wider one hides the right basin among more wrong ones."""
    return max(1.0, config.prior.rotation_deg / _USUAL_ROTATION_DEG)


def search(
    cues: Sequence[FrameCues],
    frame_weights: Sequence[float],
    initial: RigidTransform,
    config: CalibrationConfig,
    on_progress: OnProgress,
) -> Candidates:
    """Spread candidates over the prior, keep the best of well separated regions, and look closer around each."""
    settings = config.robust
    rotation_rad = math.radians(config.prior.rotation_deg)
    wide = config.prior.translation_m > _SEARCHED_TRANSLATION_M and not config.hold_translation
    shift_m = config.prior.translation_m if wide else 0.0
    coarse = for_each(lambda cue: cue.coarse_terms, cues)
    terms = _weighted_terms(coarse, frame_weights, settings, _SEARCH_POINTS)
    effort = _effort(config)
    poses = spread(initial[None], rotation_rad, shift_m, round(settings.num_candidates * effort**2), config.seed)
    ranked = Candidates.ranked(poses, score(poses, terms))
    on_progress(Progress("initialization", 0.6))

    regions = ranked.apart(math.radians(_SEARCH_SEPARATION_DEG), round(settings.num_basins * effort))
    terms = _weighted_terms(coarse, frame_weights, settings, _FOLLOW_UP_POINTS)
    closer = spread(
        regions.T_cam_lidar,
        min(rotation_rad, math.radians(_FOLLOW_UP_DEG)),
        min(shift_m, _SEARCHED_TRANSLATION_M),
        _FOLLOW_UP_COUNT,
        config.seed + 1,
    )
    basins = best_of_each(closer, score(closer, terms), _FOLLOW_UP_COUNT)
    on_progress(Progress("initialization", 1.0))
    return basins


def _weighted_terms(
    frames: Sequence[Mapping[str, GroupDivergence]],
    frame_weights: Sequence[float],
    settings: RobustSettings,
    num_points: int,
) -> list[tuple[float, GroupDivergence]]:
    per_frame = max(_MIN_POINTS_PER_FRAME, num_points // len(frames))
    return [
        (weight * settings.weights[name], term.thinned(per_frame))
        for terms, weight in zip(frames, frame_weights, strict=True)
        for name, term in terms.items()
        if settings.weights[name] > 0
    ]


@dataclass(frozen=True)
class FineLevel:
    """The sharpest objective, thinned to judge many poses, and narrowed around one to climb to its top."""

    cues: Sequence[FrameCues]
    full: RobustObjective
    thinned: RobustObjective

    def around(self, pose: RigidTransform, num_points: int, *, unhidden: bool = False) -> RobustObjective:
        """Return the objective over about `num_points` of those that poses close to this one see.

        With `unhidden`, over those among them that nothing hides from the camera, and over all edges.
        """
        per_frame = max(_MIN_POINTS_PER_FRAME, num_points // len(self.cues))
        frames = for_each(
            lambda each: WeightedFrame(
                each[0].narrowed(dict(each[1].terms), pose, per_frame, unhidden=unhidden), each[1].weight
            ),
            list(zip(self.cues, self.full.frames, strict=True)),
        )
        return RobustObjective(tuple(frames), self.full.weights, self.full.observations, self.full.prior)

    def only(self, index: int) -> FineLevel:
        """Return the level of one frame alone."""
        full, thinned = (objective.only(objective.frames[index]) for objective in (self.full, self.thinned))
        return FineLevel((self.cues[index],), full, thinned)

    def with_frame_weights(self, weights: Sequence[float]) -> FineLevel:
        """Return the same level with other weights of the frames."""
        return replace(
            self, full=self.full.with_frame_weights(weights), thinned=self.thinned.with_frame_weights(weights)
        )


@dataclass(frozen=True)
class _Levels:
    """Builds the objective at each sharpness."""

    cues: Sequence[FrameCues]
    frame_weights: Sequence[float]
    settings: RobustSettings
    prior: GaussianPrior

    def medium(self) -> RobustObjective:
        per_frame = max(_MIN_POINTS_PER_FRAME, _MEDIUM_POINTS // len(self.cues))
        return self._objective(for_each(lambda cue: cue.terms(MEDIUM, per_frame), self.cues))

    def fine(self, viewpoint: RigidTransform) -> FineLevel:
        edges_from = viewpoint if self.settings.edge_weight > 0 else None
        terms = for_each(lambda cue: cue.terms(FINE, edges_from=edges_from), self.cues)
        per_frame = max(_MIN_POINTS_PER_FRAME, _MEDIUM_POINTS // len(self.cues))
        thinned = [{name: term.thinned(per_frame) for name, term in each.items()} for each in terms]
        return FineLevel(self.cues, self._objective(terms), self._objective(thinned))

    def _objective(self, terms: Sequence[dict[str, Term]]) -> RobustObjective:
        frames = tuple(WeightedFrame(t, w) for t, w in zip(terms, self.frame_weights, strict=True))
        return RobustObjective(frames, self.settings.weights, self.settings.observations_per_frame, self.prior)


def _judged_by(objective: RobustObjective, ascents: Sequence[Ascent]) -> list[Ascent]:
    """Rank poses anew by another objective."""
    return _best_first(for_each(lambda a: Ascent(a.T_cam_lidar, objective(a.T_cam_lidar), a.history), ascents))


def _best_first(ascents: Sequence[Ascent]) -> list[Ascent]:
    return sorted(ascents, key=lambda ascent: -ascent.at.value)


def _distinct(best_first: Sequence[Ascent], count: int) -> list[Ascent]:
    """Keep the first of those that ended in the same place."""
    kept: list[Ascent] = []
    for ascent in best_first:
        rotation = ascent.T_cam_lidar.rotation
        apart = all(
            float(rotation_angle_rad(rotation @ other.T_cam_lidar.rotation.mT)) > math.radians(_FINAL_SEPARATION_DEG)
            for other in kept
        )
        if apart and len(kept) < count:
            kept.append(ascent)
    return kept
