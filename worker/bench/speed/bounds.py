"""The least work of each measured task, counted from its data: what stands beside the measured time as its floor."""

from __future__ import annotations

import math
from collections.abc import Sequence

from worker.bench.frames import BenchFrame
from worker.bench.speed.case import FIELD, KD_TREE, PAIRWISE, Case
from worker.bench.speed.comparison import DESCENT, EVALUATION, SEARCH, Extent
from worker.bench.speed.machine import Work
from worker.calibration.loss import SemanticAlignmentLoss

# Operations a point: 9 products and 9 sums move it, 2 divisions, 2 products, 2 sums project it, 5 comparisons follow.
_PROJECTION = 29
# A point in view: pixel (2 sums, 2 roundings), residual (2), its square (3), and the sum.
_RESIDUAL = 10
# Gradient with respect to the point (10) and the sums of g p^T and g (21).
_GRADIENT = 31
# A pair of place and pixel: 2 products, 2 sums and a comparison.
_PAIR = 5
_POINT_BYTES = 12
_PLACE_BYTES = 8


def least_work(case: Case, extent: Extent) -> dict[str, dict[str, Work]]:
    """Return the work of every task in every way, by the points in view at the first start.

    A table or a set of pixels is touched where a point asks for it, and points are read anew for every pose: none of
    it need be read from memory again where the caches hold it, which makes this a bound from below for one pose, and
    an estimate of it for many.
    """
    field = case.field_loss()
    in_view = _in_view_by_part(case, field)
    work = {}
    for way in case.ways:
        plain = Work(0, 0)
        for part, (visible, pixels) in zip(field.parts, in_view, strict=True):
            plain += _lookups(way, visible, pixels, part.field.nearest.element_size())
            plain += Work(_POINT_BYTES * part.points.shape[1], _PROJECTION * part.points.shape[1])
        gradient = Work(0, _GRADIENT * sum(visible for visible, _ in in_view))
        work[way] = {
            EVALUATION: plain + gradient,
            SEARCH: plain.times(extent.candidates),
            DESCENT: (plain + gradient).times(extent.iterations),
        }
    return {task: {way: work[way][task] for way in work} for task in (EVALUATION, SEARCH, DESCENT)}


def inputs_read_once(frames: Sequence[BenchFrame]) -> Work:
    """Return the work of looking at every pixel and point of a job, with its labels and scores, a single time."""
    arrays = [
        array
        for each in frames
        for array in (
            each.frame.image_labels,
            each.frame.points,
            each.frame.point_labels,
            each.frame.image_scores,
            each.frame.point_scores,
            each.frame.image,
            each.frame.intensity,
        )
        if array is not None
    ]
    return Work(sum(array.nbytes for array in arrays), sum(array.size for array in arrays))


def _lookups(way: str, visible: int, pixels: int, entry_bytes: int) -> Work:
    operations = _RESIDUAL * visible
    if way == PAIRWISE:
        return Work(_PLACE_BYTES * pixels, operations + _PAIR * visible * pixels)
    if way == KD_TREE:
        depth = math.log2(max(2, pixels))
        return Work(_PLACE_BYTES * visible, operations + depth * visible)
    assert way == FIELD
    return Work(2 * entry_bytes * visible, operations)


def _in_view_by_part(case: Case, field: SemanticAlignmentLoss) -> list[tuple[int, int]]:
    """Return, for each part of the loss, its points in view at the first start and the pixels of its P_c."""
    start = case.starts[0]
    return [
        (int(field.camera.project(start.apply(part.points))[2].sum()), int(mask.sum()))
        for part, mask in zip(field.parts, case.masks(), strict=True)
    ]
