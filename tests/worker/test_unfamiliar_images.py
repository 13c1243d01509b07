"""A verdict is lowered where the image is strange to its network."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from worker.calibration.robust.verdict import Level, Verdict
from worker.unfamiliar_images import doubt_unfamiliar

MODEL = "street_unet_rendered"
SHARP = Verdict(Level.HIGH, ("Everything agrees.",))


@dataclass(frozen=True)
class Result:
    """The part of a result that is looked at."""

    verdict: Verdict | None = SHARP


@dataclass(frozen=True)
class Image:
    """The part of a frame that is looked at: how sure the network is of it."""

    sure: float
    name: str = "frame 0"
    image_scores: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Give every pixel the same two scores."""
        object.__setattr__(self, "image_scores", np.stack([np.full((2, 2), self.sure), np.full((2, 2), 1 - self.sure)]))


def test_high_becomes_low_with_a_reason_that_names_the_frame() -> None:
    """One strange frame is enough."""
    judged = doubt_unfamiliar(Result(), MODEL, [Image(0.95), Image(0.6, "frame 1")]).verdict
    assert judged.level is Level.LOW
    assert len(judged.reasons) == 1
    assert "frame 1" in judged.reasons[0]


def test_doubts_that_were_there_stay() -> None:
    """A low verdict keeps its reasons."""
    low = Result(Verdict(Level.LOW, ("It is vague.",)))
    assert doubt_unfamiliar(low, MODEL, [Image(0.6)]).verdict.reasons[0] == "It is vague."


@pytest.mark.parametrize(
    ("result", "model", "sure"),
    [
        (Result(), MODEL, 0.95),
        (Result(), "espnetv2_s2_cityscapes", 0.6),
        (Result(), None, 0.6),
        (Result(None), MODEL, 0.6),
        (Result(replace(SHARP, level=Level.REJECTED)), MODEL, 0.6),
    ],
)
def test_everything_else_is_left_alone(result: Result, model: str | None, sure: float) -> None:
    """Familiar images, other networks, results without a verdict and rejected ones stay as they are."""
    assert doubt_unfamiliar(result, model, [Image(sure)]) is result
