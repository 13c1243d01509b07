"""What a segmentation network says about an image or a cloud."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A class for every pixel or point.

    Attributes:
        labels: native class ids; (H, W) at the image's own size, or (N,) in the order of the points.
        class_names: native name of every native id; ids are the network's output indices.
        scores: softmax probabilities, float16, or None where the network gives none. Cloud: (N, C). Image: (C, h, w) on
            a coarser grid which covers the same extent as the image: column x of the grid lies at column
            (x + 0.5) * W / w - 0.5 of the image, pixel centres being integers, and likewise for rows.
    """

    labels: npt.NDArray[np.integer[Any]]
    class_names: Mapping[int, str]
    scores: npt.NDArray[np.float16] | None
