"""Which data set a frame is from, and what may be said of its published calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from worker.bench.frames import BenchFrame, SegmentationCache, load_bench_frame
from worker.inputs.frame_folder import FrameFolder
from worker.inputs.json_file import read_json


@dataclass(frozen=True)
class DataSet:
    """A data set as the tables distinguish them.

    Attributes:
        title: how the tables call it.
        published_calibration_is_accurate: whether a distance from it is an error. The paper calls the calibrations of
            KITTI detection "often misaligned" (Section IV-B).
    """

    title: str
    published_calibration_is_accurate: bool = True


KITTI_ODOMETRY = DataSet("KITTI odometry")
KITTI_DETECTION = DataSet("KITTI detection", published_calibration_is_accurate=False)
UNNAMED = DataSet("frames of no named data set")

_BY_PREFIX = {"KITTI odometry": KITTI_ODOMETRY, "KITTI object detection": KITTI_DETECTION}


@dataclass(frozen=True)
class PaperFrame:
    """A frame and where it comes from.

    Attributes:
        bench: the frame with its truth.
        data_set: its data set.
        source: what its folder says about its origin, such as "KITTI odometry seq 00".
    """

    bench: BenchFrame
    data_set: DataSet
    source: str

    @property
    def name(self) -> str:
        """Return the frame's name."""
        return self.bench.frame.name


class _Meta(BaseModel):
    """`meta.json`; other keys are remarks."""

    dataset: str | None = None


def load_paper_frame(
    folder: FrameFolder,
    cache: SegmentationCache,
    *,
    image_model: str | None,
    cloud_model: str | None,
    labels: Path | None,
) -> PaperFrame:
    """Read a frame, give it classes as `load_bench_frame` does, and name its data set.

    Raises:
        InputError: a file is missing or broken.
    """
    source = source_of(folder)
    bench = load_bench_frame(folder, cache, image_model=image_model, cloud_model=cloud_model, labels=labels)
    return PaperFrame(bench, data_set_of(source), source)


def source_of(folder: FrameFolder) -> str:
    """Return what the `meta.json` of a frame says about its origin; empty where there is none.

    Raises:
        InputError: the file is not what it should be.
    """
    path = folder.path / "meta.json"
    return (read_json(_Meta, path).dataset or "") if path.is_file() else ""


def data_set_of(source: str) -> DataSet:
    """Name the data set of an origin; what is not KITTI odometry or detection is a data set of its own."""
    for prefix, data_set in _BY_PREFIX.items():
        if source.startswith(prefix):
            return data_set
    return DataSet(source) if source else UNNAMED


def by_data_set(frames: Sequence[PaperFrame]) -> dict[DataSet, list[PaperFrame]]:
    """Group frames by data set, both in the order they come in."""
    groups: dict[DataSet, list[PaperFrame]] = {}
    for frame in frames:
        groups.setdefault(frame.data_set, []).append(frame)
    return groups
