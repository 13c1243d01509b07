"""The same frame with another number of points or pixels, to see how time grows with them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.bench.frames import BenchFrame

# Points that come again lie this far (m, standard deviation) from the first: about the noise of a LiDAR.
_JITTER_M = 0.02
_SEED = 0


def with_points(frame: BenchFrame, count: int, among: npt.NDArray[np.bool_] | None = None) -> BenchFrame:
    """Return the frame with `count` of its points in random order; where there are fewer, they come again, jittered.

    Args:
        frame: the frame.
        count: points to have.
        among: (N,) the points to draw from; all by default.
    """
    rng = np.random.default_rng(_SEED)
    available = np.flatnonzero(among) if among is not None else np.arange(len(frame.frame.points))
    passes = math.ceil(count / len(available))
    order = np.concatenate([rng.permutation(available) for _ in range(passes)])[:count]
    points = frame.frame.points[order].copy()
    again = points[len(available) :]
    again += rng.normal(0, _JITTER_M, again.shape).astype(points.dtype)
    return replace(
        frame,
        frame=replace(
            frame.frame,
            points=points,
            point_labels=frame.frame.point_labels[order],
            point_scores=_taken(frame.frame.point_scores, order),
            intensity=_taken(frame.frame.intensity, order),
        ),
    )


def with_pixels(frame: BenchFrame, count: float) -> BenchFrame:
    """Return the frame as a camera with about `count` pixels and the same lens would have taken it."""
    height, width = frame.frame.image_labels.shape
    scale = math.sqrt(count / (height * width))
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    rows, columns = _nearest(height, new_height), _nearest(width, new_width)
    image = frame.image[rows[:, None], columns]
    K = np.diag([new_width / width, new_height / height, 1.0])
    # The centre of the top-left pixel is (0, 0): its corner, which stays where it is, is half a pixel away.
    K[:2, 2] = (np.diag(K)[:2] - 1) / 2
    camera = replace(frame.camera, K=K @ frame.camera.K, width=new_width, height=new_height)
    labelled = replace(
        frame.frame,
        image_labels=frame.frame.image_labels[rows[:, None], columns],
        image=None if frame.frame.image is None else image,
    )
    return replace(frame, frame=labelled, image=image, camera=camera)


def _nearest(size: int, new_size: int) -> npt.NDArray[np.intp]:
    return ((np.arange(new_size) + 0.5) * size / new_size).astype(np.intp)


def _taken(array: npt.NDArray[Any] | None, order: npt.NDArray[np.intp]) -> npt.NDArray[Any] | None:
    return None if array is None else array[order]
