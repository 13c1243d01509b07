"""Read coarse logits at the pixels of an image, without ever laying them all out at the image's size.

ESPNetv2 enlarges its last map twice: to the network's frame with corners aligned, then to the image with pixel centres
at half-integers. Both are linear along rows and columns, so a pixel is a weighted sum of three by three coarse cells.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

SPAN = 3


@dataclass(frozen=True, eq=False)
class Axis:
    """Samples along one side of a map, each a weighted sum of neighbouring cells.

    Attributes:
        cells: (n, 3) int64 cells each sample reads.
        weights: (n, 3) float32 their weights; they sum to 1.
    """

    cells: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> "Axis":
        """Return the same axis on a device."""
        return Axis(self.cells.to(device), self.weights.to(device))


@lru_cache(maxsize=16)
def image_axis(num_cells: int, network_side: int, image_side: int) -> Axis:
    """Return how the pixels along one side of an image read the coarse cells."""
    in_network = functional.interpolate(torch.eye(num_cells)[None], network_side, mode="linear", align_corners=True)
    return _axis(functional.interpolate(in_network, image_side, mode="linear", align_corners=False)[0])


@lru_cache(maxsize=16)
def half_axis(num_cells: int, network_side: int) -> Axis:
    """Return how pairs of network pixels along one side, averaged, read the coarse cells."""
    in_network = functional.interpolate(torch.eye(num_cells)[None], network_side, mode="linear", align_corners=True)
    return _axis(functional.avg_pool1d(in_network, 2)[0])


def _axis(operator: Tensor) -> Axis:
    """Return the three cells a sample reads, from the dense operator (num_cells, n)."""
    first = (operator != 0).to(torch.uint8).argmax(0).clamp(max=len(operator) - SPAN)
    cells = first[:, None] + torch.arange(SPAN)
    return Axis(cells, operator.gather(0, cells.T).T.contiguous())


def sample_all(logits: Tensor, rows: Axis, columns: Axis) -> Tensor:
    """Return the logits at every crossing of two axes.

    Args:
        logits: (C, h, w) float32, fastest where the channels lie innermost in memory.
        rows: how the n rows wanted read the h rows of cells.
        columns: how the m columns wanted read the w columns of cells.

    Returns:
        (n, m, C) float32.
    """
    n, m, width = len(rows.cells), len(columns.cells), logits.shape[2]
    by_row = _weighted_sums(logits.permute(1, 2, 0).flatten(1), rows.cells, rows.weights)
    starts = torch.arange(n, device=logits.device)[:, None, None] * width
    cells, weights = (starts + columns.cells).flatten(0, 1), columns.weights.repeat(n, 1)
    return _weighted_sums(by_row.reshape(n * width, -1), cells, weights).reshape(n, m, -1)


def sample_labels(logits: Tensor, rows: Axis, columns: Axis) -> Tensor:
    """Return the class of the largest logit at every crossing of two axes.

    Where all cells a pixel reads agree on the largest logit, so does their weighted sum: only the seams between classes
    need the logits themselves.

    Args:
        logits: (C, h, w) float32.
        rows: how the n rows wanted read the h rows of cells.
        columns: how the m columns wanted read the w columns of cells.

    Returns:
        (n, m) uint8.
    """
    winners = logits.argmax(0).to(torch.uint8)
    along, same = _agreement(winners, columns.cells, 1)
    labels, same_rows = _agreement(along, rows.cells, 0)
    for taps in rows.cells.unbind(1):
        same_rows &= same[taps]
    seams = (~same_rows).nonzero()
    labels[~same_rows] = _sample_at(logits, rows, columns, *seams.unbind(1)).argmax(1).to(torch.uint8)
    return labels


def _agreement(winners: Tensor, cells: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return the winner of each sample's first cell along an axis, and whether its other cells have the same."""
    first, second, third = (winners.index_select(axis, taps) for taps in cells.unbind(1))
    return first, (first == second) & (first == third)


def _sample_at(logits: Tensor, rows: Axis, columns: Axis, row: Tensor, column: Tensor) -> Tensor:
    """Return the logits (k, C) at k crossings given by their row and column."""
    cells = rows.cells[row][:, :, None] * logits.shape[2] + columns.cells[column][:, None]
    weights = rows.weights[row][:, :, None] * columns.weights[column][:, None]
    return _weighted_sums(logits.permute(1, 2, 0).flatten(0, 1), cells.flatten(1), weights.flatten(1))


def _weighted_sums(table: Tensor, entries: Tensor, weights: Tensor) -> Tensor:
    """Return (k, D): for each of k rows of entries, the weighted sum of those rows of the table (n, D)."""
    return functional.embedding_bag(entries, table, mode="sum", per_sample_weights=weights)
