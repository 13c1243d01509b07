"""A small rendered rig with exact labels, as the benchmark times it."""

from pathlib import Path

import pytest

from worker.bench.accuracy import Disturbance
from worker.bench.speed.case import Case
from worker.bench.speed.source import FrameSource


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> FrameSource:
    """Return two small rendered streets of one rig."""
    folder = tmp_path_factory.mktemp("streets")
    return FrameSource.rendered(folder, tmp_path_factory.mktemp("cache"), 2, small=True)


@pytest.fixture(scope="session")
def case(source: FrameSource) -> Case:
    """Return the rig with three wrong starts."""
    return Case.of(source.load(2), Disturbance(10, 0), 3, "cpu", threads=1)


@pytest.fixture
def labels_folder(source: FrameSource) -> Path:
    """Return the folder of the rendered streets."""
    return source.folders[0].parent
