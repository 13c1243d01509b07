"""The choice that `auto` makes: which model suits an input, and why.

Nothing is downloaded for it: a pretrained network counts where its files are on this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from models import store
from models.catalogue import CATALOGUE, CatalogueEntry, get_entry
from models.sensor import SensorTraits, sensor_traits
from models.settings import StoreSettings

AUTO = "auto"
"""The name that asks for a choice."""

FOR_ANY_SENSOR = "geometric"


@dataclass(frozen=True)
class Choice:
    """A model, and why.

    Attributes:
        name: name in the catalogue.
        reason: a sentence for the user.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class SensorRange:
    """The sensors that a network knows from its training: bounds of what a cloud tells of its sensor.

    Attributes:
        name: what the sensor is called.
        height_m: above the ground.
        max_tilt_deg: from the way up to the z axis.
        lowest_deg: elevation of the lowest returns.
        highest_deg: elevation of the highest returns.
        beam_spacing_deg: between neighbouring beams.
        max_intensity: intensities run from 0 to this.
    """

    name: str
    height_m: tuple[float, float]
    max_tilt_deg: float
    lowest_deg: tuple[float, float]
    highest_deg: tuple[float, float]
    beam_spacing_deg: tuple[float, float]
    max_intensity: float

    def misfits(self, traits: SensorTraits) -> Iterator[str]:
        """Yield how a sensor differs, in words that follow `its cloud`."""
        if not _within(traits.height_m, self.height_m):
            yield f"has its origin {traits.height_m:.1f} m above the ground"
        if traits.tilt_deg > self.max_tilt_deg:
            yield f"has a z axis {traits.tilt_deg:.0f} degrees off the vertical"
        if not (_within(traits.lowest_deg, self.lowest_deg) and _within(traits.highest_deg, self.highest_deg)):
            yield f"spans {traits.lowest_deg:.0f} to {traits.highest_deg:.0f} degrees of elevation"
        if not _within(traits.beam_spacing_deg, self.beam_spacing_deg):
            yield f"has beams about {traits.beam_spacing_deg:.1f} degrees apart"
        if traits.intensity_range is None:
            yield "has no intensities"
        elif traits.intensity_range[0] < 0 or traits.intensity_range[1] > self.max_intensity:
            yield f"has intensities up to {traits.intensity_range[1]:.0f}"


# As on KITTI, with room for slopes and for other cars of about that height.
_HDL_64E = SensorRange(
    name="Velodyne HDL-64E on a car's roof",
    height_m=(1.3, 2.4),
    max_tilt_deg=8.0,
    lowest_deg=(-25.5, -21.5),
    highest_deg=(0.5, 7.0),
    beam_spacing_deg=(0.28, 0.52),
    max_intensity=1.0,
)
_TRAINED_WITH: Mapping[str, SensorRange] = MappingProxyType({"mininet3d_tiny_semantickitti": _HDL_64E})


def choose_cloud_model(points: npt.NDArray[np.float32], settings: StoreSettings | None = None) -> Choice:
    """Choose the network that was trained with the sensor of a cloud, else the segmenter that takes any.

    Args:
        points: (N, 4) float32 x, y, z in metres and intensity, 0 where there is none.
        settings: where to look for networks; from the environment by default.
    """
    traits = sensor_traits(points)
    if traits is None:
        return Choice(
            FOR_ANY_SENSOR,
            "No ground was found in the cloud, so that nothing could be told of its sensor: is it in metres, in the "
            "frame of the LiDAR or of its vehicle?",
        )
    refusals = []
    for name, sensor in _TRAINED_WITH.items():
        if differences := list(sensor.misfits(traits)):
            refusals.append(f"{name} knows a {sensor.name} only, and this cloud {_joined(differences)}.")
        elif store.locate(get_entry(name), settings) is None:
            refusals.append(
                f"{name} knows the sensor of this cloud, but is not on this machine: see `semalign models show {name}`."
            )
        else:
            return Choice(name, f"The cloud looks like one of a {sensor.name}, with which {name} was trained.")
    return Choice(FOR_ANY_SENSOR, " ".join(refusals))


def choose_image_model(settings: StoreSettings | None = None) -> Choice:
    """Choose a network trained on real images where one is on this machine, else one that comes with the package."""
    fitting = [entry for entry in CATALOGUE.values() if entry.modality == "image"]
    pretrained = next(entry for entry in fitting if not entry.is_embedded)
    if store.locate(pretrained, settings) is not None:
        return Choice(pretrained.name, f"{pretrained.name} was trained on real images and is on this machine.")
    embedded: CatalogueEntry | None = next((entry for entry in fitting if entry.is_embedded), None)
    advice = f"fetch {pretrained.name}, which was: see `semalign models show {pretrained.name}`"
    if embedded is None:
        return Choice(pretrained.name, f"No network for images is on this machine; {advice}.")
    return Choice(embedded.name, f"{embedded.name} comes with semalign. It was not trained on real images; {advice}.")


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
