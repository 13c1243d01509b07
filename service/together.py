"""Questions to the broker that come at the same time, asked together."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """Joins the questions that come while others are being asked into the next ones to be asked.

    A question that is alone is asked at once. Under load, a hundred polls cost the broker one round trip and this
    process one change of threads.

    Args:
        ask_all: Answers some questions in their order; it may block.
    """

    def __init__(self, ask_all: Callable[[list[Question]], list[Answer]]) -> None:
        self._ask_all = ask_all
        self._open: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """Return the answer, or raise what asking raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open.append((question, future))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_while_open())
        return await future

    async def _ask_while_open(self) -> None:
        while self._open:
            asked, self._open = self._open, []
            try:
                answers = await run_in_threadpool(self._ask_all, [question for question, _ in asked])
            except Exception as error:  # it is raised again where it was asked
                for _, future in asked:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(asked, answers, strict=True):
                if not future.done():  # whoever asked may have gone
                    future.set_result(answer)
