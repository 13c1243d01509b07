"""The classes that geometry tells apart."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType


class Kind(IntEnum):
    """What a return may come from; the value is the class id."""

    UNLABELED = 0
    GROUND = 1
    CAR = 2
    POLE = 3
    BUILDING = 4
    VEGETATION = 5


CLASS_NAMES: Mapping[int, str] = MappingProxyType({kind.value: kind.name.lower() for kind in Kind})
