"""Houses: a storeyed block under a pitched roof, with a chimney and sometimes balconies or a dormer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.materials.base import Colour
from worker.scenes.materials.facade import Facade, Tiles
from worker.scenes.materials.openings import Door, Window
from worker.scenes.materials.plain import Plain
from worker.scenes.materials.wall import Gable, Wall
from worker.scenes.semantics import Semantic
from worker.scenes.shapes import box, prism
from worker.scenes.solids import Pose, Solid, rotation_z

PLASTERS: tuple[Colour, ...] = (
    (0.66, 0.63, 0.57),
    (0.70, 0.69, 0.66),
    (0.62, 0.52, 0.36),
    (0.55, 0.41, 0.30),
    (0.50, 0.52, 0.50),
    (0.58, 0.46, 0.40),
    (0.44, 0.49, 0.53),
    (0.66, 0.58, 0.42),
)
BRICKS: tuple[Colour, ...] = ((0.27, 0.11, 0.075), (0.33, 0.16, 0.11), (0.22, 0.12, 0.09))
ROOFS: tuple[Colour, ...] = ((0.25, 0.085, 0.05), (0.19, 0.075, 0.05), (0.09, 0.085, 0.085), (0.14, 0.10, 0.085))
_PLINTHS: tuple[Colour, ...] = ((0.22, 0.21, 0.2), (0.33, 0.3, 0.27), (0.27, 0.27, 0.28))
SHUTTERS: tuple[Colour, ...] = ((0.05, 0.12, 0.07), (0.06, 0.09, 0.15), (0.18, 0.06, 0.04), (0.45, 0.43, 0.4))


@dataclass(frozen=True)
class HousePlan:
    """Size of a house; local x runs along the street, -y faces it.

    Attributes:
        length: along the street, metres.
        depth: away from it, metres.
        storeys: number of them.
        gable_to_street: the ridge runs away from the street.
    """

    length: float
    depth: float
    storeys: int
    gable_to_street: bool


def build_house(plan: HousePlan, pose: Pose, sunk: float, rng: np.random.Generator) -> list[Solid]:
    """Return the solids of a house.

    Args:
        plan: its size.
        pose: x along the street, -y toward it; origin in the middle of the house, at the highest ground around it.
        sunk: how far the walls reach below the origin, metres, so that they meet the lowest ground.
        rng: draws colours and details.
    """
    storey = float(rng.uniform(2.7, 3.1))
    eaves = plan.storeys * storey + 0.7
    base = pose.at(0.0, 0.0, -sunk)
    facade = _facade(plan, storey, eaves, sunk, rng)
    half_x, half_y = 0.5 * plan.length, 0.5 * plan.depth
    walls = box((-half_x, -half_y, 0.0), (half_x, half_y, eaves + sunk))
    solids = [Solid(walls, base, Semantic.BUILDING, facade)]
    solids += _roof(plan, pose.at(0.0, 0.0, eaves), facade, rng)
    if rng.random() < 0.45 and plan.storeys > 1:
        solids += _balconies(plan, pose, storey, rng)
    return solids


def _facade(plan: HousePlan, storey: float, eaves: float, sunk: float, rng: np.random.Generator) -> Facade:
    brick = bool(rng.random() < 0.25)
    colours = BRICKS if brick else PLASTERS
    plinth = _PLINTHS[rng.integers(len(_PLINTHS))]
    trim = (0.68, 0.68, 0.66) if rng.random() < 0.7 else (0.16, 0.11, 0.08)
    shutters = SHUTTERS[rng.integers(len(SHUTTERS))] if rng.random() < 0.35 else None
    return Facade(
        wall=Wall(_vary(colours[rng.integers(len(colours))], rng), plinth, brick, int(rng.integers(1000))),
        window=Window(float(rng.uniform(0.48, 0.75)), float(rng.uniform(0.6, 0.78)), trim, shutters),
        door=Door(trim),
        storey=storey,
        bay=float(rng.uniform(2.2, 3.3)),
        half_size=(0.5 * plan.length, 0.5 * plan.depth),
        height=eaves,
        sunk=sunk,
    )


def _roof(plan: HousePlan, pose: Pose, facade: Facade, rng: np.random.Generator) -> list[Solid]:
    tiles = Tiles(_vary(ROOFS[rng.integers(len(ROOFS))], rng))
    if plan.storeys > 3 and rng.random() < 0.5:
        parapet = box(
            (-0.5 * plan.length - 0.1, -0.5 * plan.depth - 0.1, 0.0),
            (0.5 * plan.length + 0.1, 0.5 * plan.depth + 0.1, 0.35),
        )
        return [Solid(parapet, pose, Semantic.BUILDING, Plain((0.4, 0.39, 0.37)))]
    along, across = (plan.depth, plan.length) if plan.gable_to_street else (plan.length, plan.depth)
    pitch = float(rng.uniform(0.6, 0.95))
    # The ridge runs along the prism's y axis; turn that along the house's ridge.
    turn = 0.0 if plan.gable_to_street else 0.5 * np.pi
    ridge = pose.at(0.0, 0.0, 0.0, turn)
    overhang = 0.45
    rise = 0.5 * across * pitch
    skin = 0.16
    solids = []
    gable = prism(np.array([(-0.5 * across, -0.05), (0.5 * across, -0.05), (0.0, rise - 0.05)]), 0.5 * along)
    solids.append(Solid(gable, ridge, Semantic.BUILDING, _gable_finish(facade, rise)))
    for side in (-1.0, 1.0):
        reach = 0.5 * across + overhang
        eave = -overhang * pitch
        slab = np.array([(0.0, rise), (0.0, rise + skin), (reach, eave + skin), (reach, eave)]) * (side, 1.0)
        solids.append(Solid(prism(_counter_clockwise(slab), 0.5 * along + 0.3), ridge, Semantic.BUILDING, tiles))
    chimney = ridge.at(float(rng.uniform(-0.15, 0.15)) * across, float(rng.uniform(-0.3, 0.3)) * along, 0.6 * rise)
    solids.append(
        Solid(
            box((-0.35, -0.3, 0.0), (0.35, 0.3, 0.4 * rise + 1.0)), chimney, Semantic.BUILDING, Plain((0.28, 0.14, 0.1))
        )
    )
    return solids


def _gable_finish(facade: Facade, rise: float) -> Gable:
    window = (0.5, 0.22 * rise, 0.22 * rise + 1.1) if rise > 2.6 else None
    return Gable(facade.wall, facade.window.trim, facade.height, window)


def _balconies(plan: HousePlan, pose: Pose, storey: float, rng: np.random.Generator) -> list[Solid]:
    """Return slabs with parapets on the street side, one above the other."""
    x = float(rng.uniform(-0.25, 0.25)) * plan.length
    half = float(rng.uniform(1.2, 2.0))
    finish = Plain((0.5, 0.5, 0.49) if rng.random() < 0.6 else (0.25, 0.2, 0.16))
    solids = []
    for floor in range(1, plan.storeys):
        place = pose.at(x, -0.5 * plan.depth, 0.35 + floor * storey)
        solids.append(Solid(box((-half, -1.2, -0.15), (half, 0.0, 0.0)), place, Semantic.BUILDING, finish))
        for low, high in (
            ((-half, -1.2), (half, -1.13)),
            ((-half, -1.2), (0.07 - half, 0.0)),
            ((half - 0.07, -1.2), (half, 0.0)),
        ):
            parapet = box((*low, 0.0), (*high, 0.95))
            solids.append(Solid(parapet, place, Semantic.BUILDING, finish))
    return solids


def _counter_clockwise(profile: np.ndarray) -> np.ndarray:
    x, z = profile.T
    area = float(np.sum(x * np.roll(z, -1) - np.roll(x, -1) * z))
    return profile if area > 0 else profile[::-1]


def _vary(colour: Colour, rng: np.random.Generator) -> Colour:
    r, g, b = np.clip(np.asarray(colour) * rng.uniform(0.88, 1.1) * rng.uniform(0.96, 1.04, 3), 0.0, 0.85)
    return float(r), float(g), float(b)


def facing_street(place: Floats, yaw: float, side: float) -> Pose:
    """Return a pose at a place (3,) beside a street of direction yaw, +1 left or -1 right; its -y looks at it."""
    return Pose(rotation_z(yaw if side > 0 else yaw + np.pi), place)
