"""Whether a network is at home in an image."""

import numpy as np
import pytest

from models.familiarity import is_unfamiliar


def scores(sure: float) -> np.ndarray:
    """Return scores of two classes of which one has this probability everywhere."""
    return np.stack([np.full((3, 4), sure), np.full((3, 4), 1 - sure)]).astype(np.float16)


@pytest.mark.parametrize(("sure", "unfamiliar"), [(0.95, False), (0.6, True)])
def test_a_network_that_doubts_is_away_from_home(sure: float, unfamiliar: bool) -> None:
    """The embedded network has to be as sure as it is of rendered images."""
    assert is_unfamiliar("street_unet_rendered", scores(sure)) is unfamiliar


def test_other_networks_are_at_home_everywhere() -> None:
    """Without a bound, or without scores, nothing is held against an image."""
    assert not is_unfamiliar("espnetv2_s2_cityscapes", scores(0.5))
    assert not is_unfamiliar(None, scores(0.5))
    assert not is_unfamiliar("street_unet_rendered", None)
