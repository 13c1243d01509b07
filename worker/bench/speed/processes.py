"""Work in processes of their own: one after the other for peak memory, several at once for throughput."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from threading import Barrier
from typing import Concatenate, ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")

_SPAWN = multiprocessing.get_context("spawn")


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_process_of_its_own(function: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
    """Return what a function of a module returns in a fresh process, which ends with it."""
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as process:
        return process.submit(function, *given, **named).result()


def at_once(
    function: Callable[Concatenate[Barrier, Given], Made], count: int, *given: Given.args, **named: Given.kwargs
) -> list[Made]:
    """Return what a function of a module returns in each of `count` fresh processes that run at the same time.

    Its first argument is a barrier, to wait there until all of them are ready.
    """
    with _SPAWN.Manager() as manager, ProcessPoolExecutor(count, mp_context=_SPAWN) as processes:
        barrier = manager.Barrier(count)
        futures = [processes.submit(function, barrier, *given, **named) for _ in range(count)]
        return [future.result() for future in futures]
