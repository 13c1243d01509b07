"""Label noise as segmentation networks make it: borders that wander, and patches of a wrong class."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from worker.scenes.arrays import Floats, Integers, Mask
from worker.scenes.semantics import Semantic

_CONFUSIONS: dict[Semantic, Semantic] = {
    Semantic.ROAD: Semantic.SIDEWALK,
    Semantic.SIDEWALK: Semantic.ROAD,
    Semantic.BUILDING: Semantic.VEGETATION,
    Semantic.FENCE: Semantic.BUILDING,
    Semantic.POLE: Semantic.BUILDING,
    Semantic.TRAFFIC_SIGN: Semantic.BUILDING,
    Semantic.VEGETATION: Semantic.BUILDING,
    Semantic.TRUNK: Semantic.VEGETATION,
    Semantic.TERRAIN: Semantic.SIDEWALK,
    Semantic.SKY: Semantic.VEGETATION,
    Semantic.PERSON: Semantic.VEGETATION,
    Semantic.CAR: Semantic.BUILDING,
}
"""The class each class is most often taken for."""


def degrade(codes: Integers, valid: Mask, share: float, scale: float, rng: np.random.Generator) -> Integers:
    """Return labels of which a given share is wrong: half of it by wandering borders, half in whole patches.

    Args:
        codes: (H, W) class codes on a grid of pixels or of beams and azimuths.
        valid: (H, W) the cells that count.
        share: of the valid cells, that shall be wrong, 0..0.5.
        scale: size of patches in cells.
        rng: draws where.
    """
    if share == 0.0:
        return codes
    flipped = _flip_patches(codes, valid, 0.5 * share, scale, rng)
    shift = np.stack([_smooth(codes.shape, 0.5 * scale, rng) for _ in range(2)])
    return _wander(flipped, codes, valid, share, shift)


def _flip_patches(codes: Integers, valid: Mask, share: float, scale: float, rng: np.random.Generator) -> Integers:
    confusion = np.arange(len(Semantic))
    for semantic, taken_for in _CONFUSIONS.items():
        confusion[semantic.code] = taken_for.code
    field = _smooth(codes.shape, scale, rng)
    patches = field > np.quantile(field[valid], 1.0 - share)
    return np.where(patches, confusion[codes], codes)


def _wander(codes: Integers, truth: Integers, valid: Mask, share: float, shift: Floats) -> Integers:
    """Shift labels along a field (2, H, W), by as much as it takes to bring the wrong share up to the given one."""
    cells = np.mgrid[0 : codes.shape[0], 0 : codes.shape[1]]
    limit = np.array(codes.shape)[:, None, None] - 1

    def shifted(amplitude: float) -> Integers:
        rows, columns = np.clip(np.rint(cells + amplitude * shift), 0, limit).astype(int)
        return np.where(valid[rows, columns], codes[rows, columns], codes)

    low, high = 0.0, 0.25 * max(codes.shape)
    for _ in range(12):
        middle = 0.5 * (low + high)
        wrong = float(np.mean(shifted(middle)[valid] != truth[valid]))
        low, high = (middle, high) if wrong < share else (low, middle)
    return shifted(high)


def _smooth(shape: tuple[int, ...], scale: float, rng: np.random.Generator) -> Floats:
    """Return a smooth random field (H, W) of unit deviation, drawn coarsely and interpolated."""
    coarse = rng.normal(size=[int(np.ceil(n / scale)) + 3 for n in shape])
    rows, columns = (np.arange(n) / scale + 1.0 for n in shape)
    field = ndimage.map_coordinates(coarse, np.meshgrid(rows, columns, indexing="ij"), order=3, mode="nearest")
    return field / field.std()
