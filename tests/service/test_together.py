"""Questions that come at the same time, asked together."""

import asyncio
import threading

import pytest

from service.together import Together


def test_what_comes_while_others_are_asked_goes_together() -> None:
    """The first question is asked at once, the rest in one go after it; each gets its own answer."""
    asked: list[list[int]] = []
    may_answer = threading.Event()

    def squares(numbers: list[int]) -> list[int]:
        asked.append(numbers)
        assert may_answer.wait(10)
        return [number**2 for number in numbers]

    async def ask() -> list[int]:
        together = Together(squares)
        first = asyncio.create_task(together.ask(1))
        while not asked:
            await asyncio.sleep(0.001)
        rest = [asyncio.create_task(together.ask(number)) for number in (2, 3, 2)]
        await asyncio.sleep(0)
        may_answer.set()
        return list(await asyncio.gather(first, *rest))

    assert asyncio.run(ask()) == [1, 4, 9, 4]
    assert asked == [[1], [2, 3, 2]]


def test_a_failure_reaches_all_that_asked_and_nobody_after_them() -> None:
    """The next question is asked anew."""
    failures = iter([True, False])

    def answer(questions: list[str]) -> list[str]:
        if next(failures):
            raise ConnectionError("away")
        return questions

    async def ask() -> str:
        together = Together(answer)
        results = await asyncio.gather(together.ask("a"), together.ask("b"), return_exceptions=True)
        assert [type(result) for result in results] == [ConnectionError, ConnectionError]
        return await together.ask("c")

    assert asyncio.run(ask()) == "c"


def test_who_went_away_keeps_nobody_from_an_answer() -> None:
    """A request that was given up leaves the others of its round theirs."""

    async def ask() -> list[str]:
        together: Together[str, str] = Together(list)
        gone, stays = (asyncio.create_task(together.ask(name)) for name in "gs")
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return [await stays, await together.ask("next")]

    assert asyncio.run(ask()) == ["s", "next"]
