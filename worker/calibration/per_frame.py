"""The same work for every frame of a job, on as many cores as torch may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Given = TypeVar("Given")
Made = TypeVar("Made")


def for_each(function: Callable[[Given], Made], items: Sequence[Given]) -> list[Made]:
    """Return what `function` makes of every item, in their order.

    What takes the time - filters, trees, fused loops - lets other threads of Python run meanwhile.
    """
    threads = min(len(items), torch.get_num_threads())
    if threads < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))
