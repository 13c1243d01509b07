"""Agreement of two networks, whatever their label sets."""

import numpy as np
import numpy.typing as npt
import pytest

from models.segmentation import Segmentation
from models.training.agreement import agreement


class Fixed:
    """A segmenter that gives every image the same labels."""

    name = "fixed"

    def __init__(self, labels: npt.ArrayLike, names: dict[int, str]) -> None:
        self._segmentation = Segmentation(np.asarray(labels), names, None)

    def segment(self, image: npt.NDArray[np.uint8]) -> Segmentation:
        """Ignore the image."""
        return self._segmentation


IMAGE = np.zeros((2, 4, 3), np.uint8)
REFERENCE = Fixed([[0, 0, 1, 1], [2, 2, 3, 3]], {0: "road", 1: "car", 2: "sky", 3: "person"})


def test_names_decide_not_numbers() -> None:
    """Sidewalk and road are both ground; other numbers for the same names make no difference."""
    same = Fixed([[7, 6, 5, 5], [4, 4, 0, 0]], {7: "sidewalk", 6: "road", 5: "truck", 4: "sky", 0: "person"})
    result = agreement(same, REFERENCE, [IMAGE])
    assert result.accuracy == 1
    assert result.iou == {"ground": 1, "vehicle": 1, "sky": 1}


def test_misses_and_inventions_cost() -> None:
    """A car taken for ground lowers both; what the reference has in no group is not judged."""
    other = Fixed([[0, 0, 0, 1], [2, 2, 1, 1]], {0: "road", 1: "car", 2: "sky"})
    result = agreement(other, REFERENCE, [IMAGE, IMAGE])
    assert result.accuracy == pytest.approx(5 / 6)
    assert result.iou["ground"] == pytest.approx(2 / 3)
    assert result.iou["vehicle"] == pytest.approx(1 / 2)
    assert result.mean_iou == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
