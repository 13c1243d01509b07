"""Jobs are counted while all processes are at work, and what limits them is named."""

import pytest

from worker.bench.speed.throughput import JobRun, Throughput, limit, summarized


def runs(start: float, seconds: float, count: int, processor_s: float) -> list[JobRun]:
    return [JobRun(start + i * seconds, start + (i + 1) * seconds, processor_s) for i in range(count)]


def test_one_process_counts_its_jobs():
    """Ten jobs of half a second: 120 a minute."""
    measured = summarized([runs(100.0, 0.5, 10, processor_s=0.5)])
    assert measured.jobs_per_minute_and_core == pytest.approx(120)
    assert measured.busy == pytest.approx(1.0)


def test_only_the_time_in_which_all_were_at_work_counts():
    """The second starts later and the first ends earlier: parts of jobs count as parts."""
    measured = summarized([runs(0.0, 1.0, 4, 1.0), runs(1.5, 2.0, 4, 1.0)])
    assert measured.processes == 2
    # From 1.5 to 4: 2.5 jobs of the first and 1.25 of the second, on two cores.
    assert measured.jobs_per_minute_and_core == pytest.approx(60 * 3.75 / 2.5 / 2)


@pytest.mark.parametrize(
    ("several", "word"),
    [
        (Throughput(2, 60, processor_s_per_job=1.0, busy=0.6), "Waiting"),
        (Throughput(2, 60, processor_s_per_job=1.5, busy=1.0), "memory and caches"),
        (Throughput(2, 60, processor_s_per_job=1.02, busy=1.0), "The cores"),
    ],
)
def test_the_limit_is_named(several, word):
    """Waiting where processes do not compute, shared memory where jobs compute longer, else the cores themselves."""
    assert word in limit(Throughput(1, 60, processor_s_per_job=1.0, busy=1.0), several)
