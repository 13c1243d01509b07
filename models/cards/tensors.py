"""What an exported network takes and gives, as a card states it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[int, Field(gt=0, le=65536)]


class CardPart(BaseModel):
    """A part of a card: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ImageInput(CardPart):
    """One image, (1, 3, h, w) or (1, h, w, 3): (pixel * scale - mean) / std.

    Attributes:
        kind: `image`.
        size: height and width the network wants; the image is stretched to them. Without it the image keeps its size
            and aspect, as far as `multiple_of` and `max_pixels` allow.
        multiple_of: both sides are rounded up to a multiple of this.
        max_pixels: larger images are shrunk to about as many pixels.
        layout: whether channels come before or after rows and columns.
        colour: order of the channels.
        dtype: `uint8` hands the pixels over as they are, without scale, mean and std.
        scale: what 8-bit pixels are multiplied by.
        mean: subtracted from each channel, in `colour` order.
        std: each channel is divided by it.
    """

    kind: Literal["image"]
    size: tuple[Positive, Positive] | None = None
    multiple_of: Positive = 1
    max_pixels: Annotated[int, Field(gt=0)] = 2048 * 1024
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    colour: Literal["rgb", "bgr"] = "rgb"
    dtype: Literal["float32", "uint8"] = "float32"
    scale: Annotated[float, Field(gt=0)] = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (1, 1, 1)


class PointsInput(CardPart):
    """All points of a sweep with x, y, z in metres and intensity, float32.

    Attributes:
        kind: `points`.
        layout: `NC` is (N, 4), `BNC` (1, N, 4), `BCN` (1, 4, N).
    """

    kind: Literal["points"]
    layout: Literal["NC", "BNC", "BCN"] = "NC"


Channel = Literal["range", "x", "y", "z", "intensity", "mask"]


class RangeImageInput(CardPart):
    """A spherical projection of the sweep, (1, channels, height, width) float32; 0 where no point fell.

    Attributes:
        kind: `range_image`.
        height: rows, linear in elevation.
        width: columns, linear in azimuth over the full circle.
        fov_up_deg: elevation of the upper edge.
        fov_down_deg: elevation of the lower edge, negative below the horizon.
        channels: what the channels hold; `mask` is 1 where a point fell.
        mean: subtracted from each channel.
        std: each channel is divided by it.
        vote: let the neighbours in range vote on each point's class, instead of giving it the class of its pixel.
    """

    kind: Literal["range_image"]
    height: Positive = 64
    width: Positive = 2048
    fov_up_deg: Annotated[float, Field(gt=0, le=90)] = 3.0
    fov_down_deg: Annotated[float, Field(lt=0, ge=-90)] = -25.0
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] = ("range", "x", "y", "z", "intensity")
    mean: tuple[float, ...] = (0.0,)
    std: tuple[Annotated[float, Field(gt=0)], ...] = (1.0,)
    vote: bool = True

    @model_validator(mode="after")
    def _one_value_a_channel(self) -> "RangeImageInput":
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in {1, len(self.channels)}:
                raise ValueError(f"{name} has to have one value, or one for each of the {len(self.channels)} channels")
        return self


NetworkInput = Annotated[ImageInput | PointsInput | RangeImageInput, Field(discriminator="kind")]


class NetworkOutput(CardPart):
    """What comes out, a leading batch axis of 1 aside.

    Attributes:
        kind: `logits` go through a softmax, `scores` are probabilities already, `labels` are class ids.
        class_axis: where the classes lie in logits and scores: `first` is (C, h, w) or (C, N), `last` (h, w, C) or
            (N, C). Left out: first for images and range images, last for points.
        name: which output, where the network has several: its name, or its number counted from 0.
    """

    kind: Literal["logits", "scores", "labels"] = "logits"
    class_axis: Literal["first", "last"] | None = None
    name: str | int = 0
