"""Work that falls into independent parts, on as many cores as torch may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Given = TypeVar("Given")
Made = TypeVar("Made")


def for_each(
    function: Callable[[Given], Made],
    items: Sequence[Given],
    on_made: Callable[[list[Made]], None] = lambda made: None,
) -> list[Made]:
    """Return what `function` makes of every item, in their order.

    What takes the time - filters, trees, fused loops - lets other threads of Python run meanwhile. Within a part all is
    done one after the other: where one is at work, others are on the remaining cores.

    Args:
        function: called from several threads at once.
        items: what it is called with.
        on_made: told after every item, in the caller's thread, what there is so far; may raise to stop.
    """
    made: list[Made] = []

    def take(each: Made) -> None:
        made.append(each)
        on_made(made)

    threads = min(len(items), torch.get_num_threads())
    if threads < 2:
        for item in items:
            take(function(item))
        return made
    with _threads(threads) as pool:
        for each in pool.map(function, items):
            take(each)
    return made


def both(first: Callable[[], Given], second: Callable[[], Made]) -> tuple[Given, Made]:
    """Return what two functions return that do not need each other."""
    if torch.get_num_threads() < 2:
        return first(), second()
    with _threads(1) as pool:
        ahead = pool.submit(second)
        torch.set_num_threads(1)
        return first(), ahead.result()


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Start threads whose torch, and whose own calls of this module, start no others.

    Left to itself torch would divide each operation among a team of its own for every one of them.
    """
    # Set by each thread for itself, but also taken over by those that torch meets for the first time later on.
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)
