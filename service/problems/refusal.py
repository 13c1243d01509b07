"""What every refusal of this service is: an RFC 9457 problem with a stable `type` and a sentence."""

from typing import Any, ClassVar

from fastapi_problem.error import StatusProblem


class Refusal(StatusProblem):
    """A problem of this service; `sentence` is said where the raiser says nothing more exact."""

    type_: str
    sentence: ClassVar[str]

    def __init__(self, detail: str | None = None, headers: dict[str, str] | None = None, **extras: Any) -> None:
        super().__init__(detail or self.sentence, headers, **extras)
