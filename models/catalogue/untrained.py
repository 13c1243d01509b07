"""Segmenters that need no weights."""

from models.catalogue.entry import CatalogueEntry
from models.geometric.classes import CLASS_NAMES

GEOMETRIC = CatalogueEntry(
    name="geometric",
    modality="cloud",
    summary="Ground, cars, poles, walls and foliage by their shape; no training",
    backend="geometric",
    source="this package, models/geometric; the ground by Patchwork (Lim et al., RA-L 2021; pypatchworkpp, BSD-2)",
    files=(),
    code_licence="Apache-2.0",
    training_data_terms="None: nothing was trained.",
    non_commercial=False,
    class_names=CLASS_NAMES,
    preprocessing="The way up and the height above the ground are found from the cloud; intensities are not used.",
    sensor="Any LiDAR on a vehicle, from 16 beams, in a sensor's or a vehicle's frame.",
)

UNTRAINED: tuple[CatalogueEntry, ...] = (GEOMETRIC,)
