"""Clouds as a poorer sensor would have recorded them."""

import numpy as np
import pytest

from worker.bench.poorer_sensor import PoorerSensor, scan_lines
from worker.inputs import InputError
from worker.inputs.cloud import PointCloud, clean_cloud

BEAMS, STEPS = 64, 200


def sweep(jitter: float = 0.0) -> PointCloud:
    """Return a sweep stored beam by beam; x y z encode azimuth, beam and nothing, the intensity is the beam."""
    turn = np.linspace(0.01, 2 * np.pi - 0.01, STEPS) - np.pi
    azimuth = np.tile(turn, BEAMS) + np.random.default_rng(0).normal(0, 1, BEAMS * STEPS) * jitter
    beam = np.repeat(np.arange(BEAMS), STEPS)
    xyz = np.column_stack([10 * np.cos(azimuth), 10 * np.sin(azimuth), -0.1 * beam])
    return clean_cloud(xyz, beam.astype(float))


@pytest.mark.parametrize("jitter", [0.0, 0.02])
def test_beams_are_told_apart_by_their_turns(jitter):
    """Also where returns jitter across the seam."""
    cloud = sweep(jitter)
    assert cloud.intensity is not None
    assert np.mean(scan_lines(cloud.points) == cloud.intensity) > 0.98


@pytest.mark.parametrize("beams", [32, 16])
def test_beams_that_are_kept_are_spread_evenly(beams):
    """Every second, every fourth."""
    thinned = PoorerSensor(beams=beams).record(sweep())
    assert thinned.intensity is not None
    kept = np.unique(thinned.intensity)
    assert len(kept) == beams
    assert set(np.diff(kept)) == {BEAMS / beams}
    assert len(thinned.points) == beams * STEPS


def test_labels_of_the_file_follow():
    """`of_kept_points` still takes one value for each point of the file."""
    cloud = sweep()
    thinned = PoorerSensor(beams=16).record(cloud)
    np.testing.assert_array_equal(thinned.of_kept_points(cloud.points), thinned.points)


def test_without_intensity():
    """The points stay."""
    cloud = sweep()
    poorer = PoorerSensor(intensity=False).record(cloud)
    assert poorer.intensity is None
    assert poorer.points is cloud.points


def test_more_beams_than_there_are():
    """Nobody can add some."""
    with pytest.raises(InputError, match="has 64 beams stored one after another, not 128"):
        PoorerSensor(beams=128).record(sweep())
