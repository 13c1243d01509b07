"""Whole jobs with their labels given, both networks on one frame, and tracking: they take turns in one process."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from worker.bench.accuracy import Disturbance
from worker.bench.speed.case import Case
from worker.bench.speed.source import FrameSource, repeated
from worker.bench.speed.timing import Run
from worker.calibration.calibrate import calibrate
from worker.calibration.config import CalibrationConfig
from worker.calibration.outcome import Outcome
from worker.calibration.robust.tracking import track
from worker.inputs.frame_folder import FrameFolder
from worker.pipeline import segment
from worker.segmentation import InputFrame, ModelCache, cloud_source, image_source

PAPER: Final = "paper, one frame"
ROBUST: Final = "robust, one frame"
ROBUST_JOINT: Final = "robust, 10 frames"
TRACKING: Final = "tracking, one frame"
NETWORKS: Final = "both networks, one frame"

FRAMES_OF_JOINT_JOB: Final = 10
# Tracking starts from where the rig was a moment ago (deg).
_DRIFT_DEG: Final = 0.3


@dataclass
class Job:
    """A calibration of all frames of a case, each round from another start.

    Attributes:
        case: frames and starts.
        config: settings.
        outcomes: how often the runs ended in which way: one that gives up early is no fast one.
    """

    case: Case
    config: CalibrationConfig
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    def __call__(self, index: int) -> None:
        """Calibrate."""
        frames, starts = self.case.frames, self.case.starts
        start = starts[index % len(starts.translation)]
        result = calibrate([each.frame for each in frames], frames[0].camera, start, self.config)
        self.outcomes[result.outcome] += 1

    @property
    def failures(self) -> str:
        """Name the outcomes that are none, with how many of the runs ended so; empty where all converged."""
        failed = {outcome: count for outcome, count in self.outcomes.items() if not outcome.is_success}
        return ", ".join(f"{count} of {self.outcomes.total()} {outcome}" for outcome, count in failed.items())


def calibrations(case: Case) -> dict[str, Job]:
    """Return the job of each profile with one frame, and the robust one with several."""
    one, many = case.with_frames(case.frames[:1]), case.with_frames(repeated(case.frames, FRAMES_OF_JOINT_JOB))
    return {
        PAPER: Job(one, one.config("paper")),
        ROBUST: Job(one, one.config("robust")),
        ROBUST_JOINT: Job(many, many.config("robust")),
    }


def tracking(case: Case) -> Run:
    """Return the tracking of the first frame from close by, each round from another place."""
    drift = Disturbance(_DRIFT_DEG, 0)
    drifted = Case.of(case.frames[:1], drift, len(case.starts.translation), case.device, case.threads)
    frame, camera, config = drifted.frames[0].frame, drifted.frames[0].camera, drifted.config("robust")
    return lambda index: track([frame], camera, drifted.starts[index % len(case.starts.translation)], config)


def networks(source: FrameSource, device: str) -> tuple[Run, str]:
    """Return what segments the first frame as a job does, and the names of both networks.

    Raises:
        models.ModelError: a network cannot be had here.
    """
    folder = FrameFolder(source.folders[0])
    frames = [InputFrame(folder.image(), folder.cloud(), name=folder.name)]
    image, cloud = image_source(source.image_model, None, frames), cloud_source(source.cloud_model, None, frames)
    models = ModelCache(device)

    def run(_index: int) -> None:
        segment(frames, image, cloud, models, lambda _progress: None)

    return run, f"{image.model} and {cloud.model}"
