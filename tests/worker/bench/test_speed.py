"""Timings name what they timed; their values are no test's business."""

import json

from worker.bench.speed import SpeedSettings, Timing, measure, results


def test_the_median_is_that_of_the_counted_runs(tmp_path):
    """A slow run moves the maximum, not the median; paths of the machine stay out of the file."""
    timing = Timing("robust", (1.0, 9.0, 2.0), 400.0)
    assert timing.median == 2.0
    written = results(SpeedSettings(tmp_path / "street", "image", "cloud", tmp_path), [timing])
    assert written["parts"] == [
        {"part": "robust", "seconds": (1.0, 9.0, 2.0), "peak_mib": 400.0, "median_seconds": 2.0}
    ]
    assert written["settings"]["frame"] == "street"
    assert str(tmp_path.parent) not in json.dumps(written)


def test_every_part_is_measured_in_its_own_process(test_data, models_mirror, tmp_path):
    """Both networks and both profiles, each with seconds and a peak that holds torch."""
    settings = SpeedSettings(
        test_data / "kitti00_000000",
        "espnetv2_s2_cityscapes",
        "mininet3d_tiny_semantickitti",
        tmp_path,
        repeats=1,
        threads=1,
    )
    timings = measure(settings)
    assert [timing.part for timing in timings] == ["networks", "robust", "paper"]
    assert all(len(timing.seconds) == 1 and timing.seconds[0] > 0 for timing in timings)
    assert all(100 < timing.peak_mib < 4000 for timing in timings)
