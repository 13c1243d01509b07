"""Clouds as a poorer sensor would have recorded them: fewer beams, or no intensities."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from worker.inputs import InputError, PointCloud


@dataclass(frozen=True)
class PoorerSensor:
    """What to take from a sweep.

    Attributes:
        beams: keep about this many beams, evenly spread; None keeps all.
        intensity: keep the intensities.
    """

    beams: int | None = None
    intensity: bool = True

    def record(self, cloud: PointCloud) -> PointCloud:
        """Return the cloud with fewer beams and, where so wished, without intensities.

        Raises:
            InputError: the points are not stored beam by beam, or there are fewer beams than asked for.
        """
        if self.beams is not None:
            cloud = _selected(cloud, _kept_beams(scan_lines(cloud.points), self.beams))
        return cloud if self.intensity else replace(cloud, intensity=None)


def scan_lines(points: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return the number of the beam of every point (N,), for points (N, 3) stored beam by beam, a turn each."""
    steps = np.diff(np.arctan2(points[:, 1], points[:, 0]))
    crossings = (steps < -np.pi).astype(np.int64) - (steps > np.pi)
    # Returns that jitter across the seam of the azimuth cross it back and forth, and start no new beam.
    turns = np.cumsum(crossings) * (1 if crossings.sum() > 0 else -1)
    return np.maximum.accumulate(np.concatenate([[0], turns]))


def _kept_beams(lines: npt.NDArray[np.int64], beams: int) -> npt.NDArray[np.bool_]:
    found = int(lines.max()) + 1
    if found < beams:
        raise InputError(
            "invalid-frame-folder",
            f"This cloud has {found} beams stored one after another, not {beams}: choose fewer, or another cloud.",
        )
    kept = np.isin(lines, np.round((np.arange(beams) + 0.5) * found / beams - 0.5).astype(np.int64))
    return np.asarray(kept)


def _selected(cloud: PointCloud, chosen: npt.NDArray[np.bool_]) -> PointCloud:
    kept = cloud.kept.copy()
    kept[kept] = chosen
    intensity = None if cloud.intensity is None else cloud.intensity[chosen]
    return replace(cloud, points=cloud.points[chosen], intensity=intensity, kept=kept)
