"""Figure 7: how well a loss ranks poses by how wrong they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from worker.bench.accuracy import euler_error_deg, pose_error
from worker.bench.paper import published
from worker.bench.paper.data_set import DataSet, PaperFrame
from worker.bench.paper.markdown import NOTHING, number, table
from worker.bench.paper.objectives import Objective
from worker.bench.paper.pose_sets import POSE_SETS, Floats, PoseSet
from worker.calibration.transforms import RigidTransform


@dataclass(frozen=True, eq=False)
class Ranking:
    """What one objective says of N poses of one frame, and how wrong they are.

    Attributes:
        frame: the frame's name.
        data_set: where it is from.
        objective: who judged.
        poses: which poses.
        losses: (N,) what the objective says, lower for better poses.
        quaternion_deg: (N,) angle of the rotation error.
        euler_deg: (N,) mean absolute Euler angle of it.
        translation_m: (N,) distance of the camera centres.
    """

    frame: str
    data_set: DataSet
    objective: str
    poses: PoseSet
    losses: Floats
    quaternion_deg: Floats
    euler_deg: Floats
    translation_m: Floats

    @property
    def quaternion(self) -> float | None:
        """Return Spearman's index of loss and angle; None where either does not vary."""
        return rank_correlation(self.losses, self.quaternion_deg) if self.poses.max_rotation_deg else None

    @property
    def euler(self) -> float | None:
        """Return Spearman's index of loss and Euler error; None where either does not vary."""
        return rank_correlation(self.losses, self.euler_deg) if self.poses.max_rotation_deg else None

    @property
    def translation(self) -> float | None:
        """Return Spearman's index of loss and distance; None where either does not vary."""
        return rank_correlation(self.losses, self.translation_m) if self.poses.max_translation_m else None


@dataclass(frozen=True)
class Figure7Row:
    """Spearman's indices averaged over the frames of a data set.

    Attributes:
        data_set: where the frames are from.
        objective: who judged.
        poses: which poses.
        frames: number of frames that have an index.
        unranked: frames whose loss is the same at every pose.
        quaternion: of loss and angle; None where the poses do not turn.
        euler: of loss and Euler error; None where the poses do not turn.
        translation: of loss and distance; None where the poses do not move.
    """

    data_set: DataSet
    objective: str
    poses: str
    frames: int
    unranked: tuple[str, ...]
    quaternion: float | None
    euler: float | None
    translation: float | None


def rank_poses(
    frames: Sequence[PaperFrame],
    objectives: Sequence[Objective],
    seed: int,
    on_frame: Callable[[int], None] = lambda _total: None,
) -> list[Ranking]:
    """Let every objective judge the same poses of every frame; `on_frame` is told the number of frames after each."""
    done: list[Ranking] = []
    for index, frame in enumerate(frames):
        for objective in objectives:
            loss = objective.of_frame(frame.bench)
            for poses in POSE_SETS:
                extrinsics = poses.sample(frame.bench.T_cam_lidar, seed, index)
                losses = loss(RigidTransform.from_matrix(extrinsics)).double().numpy()
                done.append(_ranking(frame, objective, poses, extrinsics, losses))
        on_frame(len(frames))
    return done


def _ranking(frame: PaperFrame, objective: Objective, poses: PoseSet, extrinsics: Floats, losses: Floats) -> Ranking:
    truth = frame.bench.T_cam_lidar
    quaternion_deg, translation_m = np.array([pose_error(extrinsic, truth) for extrinsic in extrinsics]).T
    euler_deg = np.array([euler_error_deg(extrinsic, truth) for extrinsic in extrinsics])
    return Ranking(frame.name, frame.data_set, objective.title, poses, losses, quaternion_deg, euler_deg, translation_m)


def rank_correlation(losses: Floats, errors: Floats) -> float | None:
    """Return Spearman's index of two samples (N,), ties sharing their mean rank; None where one does not vary."""
    if np.ptp(losses) == 0 or np.ptp(errors) == 0:
        return None
    return float(spearmanr(losses, errors).statistic)


def figure7(rankings: Sequence[Ranking]) -> list[Figure7Row]:
    """Average over the frames of each data set."""
    groups: dict[tuple[DataSet, PoseSet, str], list[Ranking]] = {}
    for ranking in rankings:
        groups.setdefault((ranking.data_set, ranking.poses, ranking.objective), []).append(ranking)
    data_sets = list(dict.fromkeys(ranking.data_set for ranking in rankings))
    ordered = sorted(groups, key=lambda key: (data_sets.index(key[0]), POSE_SETS.index(key[1])))
    return [_row(*key, groups[key]) for key in ordered]


def _row(data_set: DataSet, poses: PoseSet, objective: str, rankings: Sequence[Ranking]) -> Figure7Row:
    unranked = tuple(ranking.frame for ranking in rankings if np.ptp(ranking.losses) == 0)
    return Figure7Row(
        data_set=data_set,
        objective=objective,
        poses=poses.title,
        frames=len(rankings) - len(unranked),
        unranked=unranked,
        quaternion=_mean([ranking.quaternion for ranking in rankings]),
        euler=_mean([ranking.euler for ranking in rankings]),
        translation=_mean([ranking.translation for ranking in rankings]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def figure7_markdown(rows: Sequence[Figure7Row]) -> str:
    """Write the rows below the paper's own."""
    headings = ["", "poses", "frames", "with rotation error", "with Euler error", "with translation error"]
    paper = ["paper, KITTI odometry: Eq. 1", "not stated", "not stated"]
    lines = [[*paper, number(published.FIGURE_7_ROTATION), NOTHING, number(published.FIGURE_7_TRANSLATION)]]
    for row in rows:
        values = (row.quaternion, row.euler, row.translation)
        lines.append([f"{row.data_set.title}: {row.objective}", row.poses, str(row.frames), *map(number, values)])
    return table(headings, lines)
