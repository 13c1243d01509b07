"""Parts of a job on several cores."""

import threading

import pytest
import torch

from worker.calibration.parallel import both, for_each


@pytest.fixture(autouse=True)
def _two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _thread(_: object = None) -> str:
    return threading.current_thread().name


def test_results_come_in_the_order_of_the_items():
    """Whichever part is done first; and the caller hears of each."""
    heard: list[int] = []
    assert for_each(lambda each: each**2, range(20), lambda made: heard.append(len(made))) == [i**2 for i in range(20)]
    assert heard == list(range(1, 21))
    assert both(lambda: "a", lambda: 1) == ("a", 1)


def test_parts_run_side_by_side():
    """Each waits for the other here, in vain if one had to be done before."""
    meeting = threading.Barrier(2)
    assert sorted(for_each(lambda _: meeting.wait(20), range(2))) == [0, 1]
    assert sorted(both(lambda: meeting.wait(20), lambda: meeting.wait(20))) == [0, 1]


def test_a_part_is_not_divided_again():
    """Neither by torch nor by what is called here; one after the other, all in its own thread."""

    def part(_: int) -> tuple[int, str, list[str]]:
        return torch.get_num_threads(), _thread(), [*for_each(_thread, range(3)), *both(_thread, _thread)]

    for threads, mine, inner in for_each(part, range(4)):
        assert threads == 1
        assert set(inner) == {mine}


@pytest.mark.parametrize("fails", [False, True])
def test_torch_has_its_threads_back_afterwards(fails: bool):
    """Here, and in threads that start later, as those that run the networks."""

    def part(_: object) -> None:
        if fails:
            raise ZeroDivisionError

    if fails:
        with pytest.raises(ZeroDivisionError):
            for_each(part, range(2))
    else:
        for_each(part, range(2))
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert (torch.get_num_threads(), later) == (2, [2])
