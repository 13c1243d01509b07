"""The frames that are timed: real ones segmented by networks, or rendered ones with exact labels, for anyone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from models.automatic import AUTO
from worker.bench.frames import BenchFrame, SegmentationCache, load_bench_frame
from worker.inputs.frame_folder import FrameFolder, list_frame_folders
from worker.scenes import CameraConfig, LidarConfig, SceneConfig, generate, render, write_frame

_SEED = 0
_SMALL = SceneConfig(camera=CameraConfig().scaled_to(320), lidar=LidarConfig(num_beams=32, azimuth_step_deg=0.6))


@dataclass(frozen=True)
class FrameSource:
    """Where frames and their classes come from; small enough to be handed to other processes.

    Attributes:
        folders: frame folders of one rig, in order.
        labels: folder whose labels take the networks' place.
        image_model: network for the images, or `auto`.
        cloud_model: network for the clouds, or `auto`.
        cache: where segmentations are kept, so that calibrations are timed with their labels given.
    """

    folders: tuple[Path, ...]
    labels: Path | None
    cache: Path
    image_model: str = AUTO
    cloud_model: str = AUTO

    @classmethod
    def rendered(cls, folder: Path, cache: Path, count: int, *, small: bool) -> FrameSource:
        """Render `count` streets, seen by one rig, into `folder`."""
        config = _SMALL if small else SceneConfig()
        for index in range(count):
            write_frame(folder / f"scene_{index:06d}", render(generate(_SEED, index, config)))
        return cls.listed(folder, "*", folder, cache)

    @classmethod
    def listed(cls, data_dir: Path, select: str, labels: Path | None, cache: Path) -> FrameSource:
        """Take the frames below `data_dir` whose names match.

        Raises:
            InputError: there is none.
        """
        return cls(tuple(folder.path for folder in list_frame_folders(data_dir, select)), labels, cache)

    def load(self, count: int) -> tuple[BenchFrame, ...]:
        """Read and segment up to `count` frames; those of another rig than the first are left out.

        Raises:
            InputError: a file is missing or broken.
        """
        segmentations = SegmentationCache(self.cache)
        frames = [
            load_bench_frame(
                FrameFolder(path),
                segmentations,
                image_model=self.image_model,
                cloud_model=self.cloud_model,
                labels=self.labels,
            )
            for path in self.folders[:count]
        ]
        return tuple(frame for frame in frames if frame.shares_rig_with(frames[0]))


def repeated(frames: tuple[BenchFrame, ...], count: int) -> list[BenchFrame]:
    """Return `count` frames; where there are fewer, they come again under other names."""
    again = enumerate(islice(cycle(frames), count))
    return [
        each if index < len(frames) else replace(each, frame=replace(each.frame, name=f"{each.frame.name} ({index})"))
        for index, each in again
    ]
