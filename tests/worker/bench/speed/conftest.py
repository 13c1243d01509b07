"""A rig in a small street with exact labels, as the benchmark times it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from worker.bench.accuracy import Disturbance
from worker.bench.speed.case import Case
from worker.bench.speed.source import FrameSource


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory, write_frame_folder: Callable[[Path], Path]) -> FrameSource:
    """Return one frame folder with its labels."""
    folder = tmp_path_factory.mktemp("streets")
    write_frame_folder(folder / "street")
    return FrameSource.listed(folder, "*", labels=folder, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def case(source: FrameSource) -> Case:
    """Return the rig with three wrong starts."""
    return Case.of(source.load(1), Disturbance(10, 0), 3, "cpu", threads=1)
