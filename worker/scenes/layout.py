"""Layout: what stands where along the street."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from worker.scenes.arrays import Floats
from worker.scenes.config import ContentConfig
from worker.scenes.ground import Ground
from worker.scenes.materials.pavement import Shade
from worker.scenes.noise import Noise
from worker.scenes.objects.car import CAR_TYPES, LACQUERS, CarType, build_car
from worker.scenes.objects.house import HousePlan, build_house, facing_street
from worker.scenes.objects.plants import build_bush, build_conifer, build_far_wood, build_hedge, build_tree
from worker.scenes.objects.street import build_fence, build_lamp, build_person, build_sign
from worker.scenes.solids import Pose, Solid, rotation_z

_BEHIND_M, _AHEAD_M = -45.0, 130.0
"""The stretch of road that is furnished."""
SIDES = (1.0, -1.0)
"""Left and right of the centre line."""


@dataclass
class Layout:
    """A street being furnished.

    Attributes:
        ground: the ground, which is there already.
        content: how much of what.
        noise: of the leaf gaps.
        rng: draws everything.
        solids: what stands so far.
        shades: the dark spots beneath it.
    """

    ground: Ground
    content: ContentConfig
    noise: Noise
    rng: np.random.Generator
    solids: list[Solid] = field(default_factory=list)
    shades: list[Shade] = field(default_factory=list)

    def furnish(self) -> None:
        """Place everything."""
        for side in SIDES:
            self._houses(side)
            self._street_trees(side)
            self._parked_cars(side)
            self._signs(side)
        self._lamps(float(self.rng.choice(SIDES)))
        self._driving_cars()
        self._pedestrians()
        self._gardens()
        self._horizon()

    def _stations(self, start: float, end: float, low: float, high: float) -> Iterator[float]:
        station = start + self.rng.uniform(0.0, high)
        while station < end:
            yield float(station)
            station += self.rng.uniform(low, high)

    def _clear(self, station: float, lateral: float, margin: float) -> bool:
        """Tell whether a place keeps off the side street."""
        if self.ground.crossing is None:
            return True
        x, _, _ = self.ground.along(station, lateral)
        return abs(x - self.ground.crossing[0]) > self.ground.crossing[1] + margin

    def _on_ground(self, x: float, y: float) -> Floats:
        return np.array([x, y, self.ground.height(x, y)])

    def _frame(self, station: float, lateral: float, turn: float = 0.0) -> Pose:
        """Return an upright pose on the ground, x along the street."""
        x, y, yaw = self.ground.along(station, lateral)
        return Pose(rotation_z(yaw + turn), self._on_ground(x, y))

    def _parked_cars(self, side: float) -> None:
        if self.ground.half_width < 4.2 and side > 0:
            return
        station = _BEHIND_M + self.rng.uniform(0.0, 6.0)
        turned = 0.0 if side < 0 else np.pi
        while station < _AHEAD_M:
            kind = self._car_type()
            middle = station + 0.5 * kind.length
            lateral = side * (self.ground.half_width - 0.5 * kind.width - self.rng.uniform(0.12, 0.35))
            if self.rng.random() < self.content.parked_cars and self._clear(middle, lateral, 8.0):
                wrong_way = np.pi if self.rng.random() < 0.12 else 0.0
                self._car(kind, middle, lateral, turned + wrong_way + self.rng.normal(0.0, 0.012))
            station += kind.length + self.rng.uniform(0.7, 2.2)

    def _driving_cars(self) -> None:
        lane = min(1.7, 0.5 * self.ground.half_width)
        for _ in range(int(self.rng.integers(0, self.content.driving_cars + 1))):
            oncoming = self.rng.random() < 0.6
            station = self.rng.uniform(9.0, 75.0) if oncoming else self.rng.uniform(13.0, 75.0)
            lateral = (lane if oncoming else -lane) + self.rng.normal(0.0, 0.1)
            x, y, _ = self.ground.along(station, lateral)
            if all(np.hypot(shade.x - x, shade.y - y) > 6.0 for shade in self.shades if abs(shade.half_width) < 1.2):
                self._car(self._car_type(), station, lateral, np.pi if oncoming else 0.0)

    def _car_type(self) -> CarType:
        return CAR_TYPES[self.rng.choice(len(CAR_TYPES), p=(0.3, 0.2, 0.2, 0.14, 0.1, 0.06))]

    def _car(self, kind: CarType, station: float, lateral: float, turn: float) -> None:
        x, y, yaw = self.ground.along(station, lateral)
        pose = self._resting(x, y, yaw + turn)
        colour = LACQUERS[self.rng.integers(len(LACQUERS))]
        self.solids += build_car(kind, colour, pose)
        self.shades.append(Shade(x, y, yaw + turn, 0.5 * kind.length - 0.15, 0.5 * kind.width - 0.1, 0.3, 0.88))

    def _resting(self, x: float, y: float, yaw: float) -> Pose:
        """Return the pose of a vehicle that stands on the ground with four wheels."""
        up = self.ground.normals(np.array([x]), np.array([y]))[0]
        ahead = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        ahead -= up * float(ahead @ up)
        ahead /= np.linalg.norm(ahead)
        return Pose(np.column_stack([ahead, np.cross(up, ahead), up]), self._on_ground(x, y))

    def _houses(self, side: float) -> None:
        ground, rng = self.ground, self.rng
        terraced = rng.random() < 0.35
        yard = float(rng.uniform(0.3, 1.5) if ground.paved_yards else rng.uniform(2.0, 6.5))
        storeys = int(rng.integers(3, 5)) if terraced else int(rng.integers(1, 4))
        station = _BEHIND_M - 10.0
        while station < _AHEAD_M + 15.0:
            plan = HousePlan(
                length=float(rng.uniform(9.0, 17.0)),
                depth=float(rng.uniform(8.5, 12.0)),
                storeys=max(1, storeys + int(rng.integers(-1, 2))),
                gable_to_street=bool(rng.random() < 0.3) and not terraced,
            )
            middle = station + 0.5 * plan.length
            setback = yard + rng.uniform(0.0, 0.2 if terraced else 2.0)
            lateral = side * (ground.yard_start + ground.half_width + setback + 0.5 * plan.depth)
            if self._clear(middle, lateral, 0.5 * plan.length + 4.0) and rng.random() < self.content.houses:
                self._house(plan, middle, lateral, side)
                if not ground.paved_yards:
                    self._front_border(station, plan.length, side)
            station += plan.length + (rng.uniform(0.0, 0.05) if terraced else rng.uniform(2.5, 9.0))

    def _house(self, plan: HousePlan, station: float, lateral: float, side: float) -> None:
        x, y, yaw = self.ground.along(station, lateral)
        flat = Pose(rotation_z(yaw), np.array([x, y, 0.0]))
        offsets = np.array([(a * plan.length, b * plan.depth, 0.0) for a in (-0.5, 0, 0.5) for b in (-0.5, 0, 0.5)])
        around = flat.to_world(offsets)
        heights = self.ground.heights(around[:, 0], around[:, 1])
        top = float(np.median(heights))
        pose = facing_street(np.array([x, y, top]), yaw, side)
        self.solids += build_house(plan, pose, top - float(heights.min()) + 0.5, self.rng)
        self.shades.append(Shade(x, y, yaw, 0.5 * plan.length, 0.5 * plan.depth, 0.9, 0.5))

    def _front_border(self, station: float, length: float, side: float) -> None:
        """Set a hedge, a fence or nothing between sidewalk and garden, with a gap for the gate."""
        kind = self.rng.random()
        lateral = side * (self.ground.half_width + self.ground.yard_start + 0.45)
        gate = self.rng.uniform(0.3, 0.7) * length
        for start, end in ((station, station + gate - 0.7), (station + gate + 0.7, station + length + 2.0)):
            for piece in np.arange(start, end - 1.0, 3.0):
                reach = min(3.0, end - piece)
                if not (self._clear(piece, lateral, 4.0) and self._clear(piece + reach, lateral, 4.0)):
                    continue
                pose = self._frame(float(piece), lateral)
                if kind < 0.4:
                    self.solids += build_hedge(pose, reach, 0.9 + 0.6 * kind, self.noise, self._same(station))
                elif kind < 0.75:
                    self.solids += build_fence(pose, reach, self._same(station))

    def _same(self, station: float) -> np.random.Generator:
        """Return a generator that draws the same for all pieces of one fence or hedge."""
        return np.random.default_rng([self.noise.seed, int(1000 + station)])

    def _street_trees(self, side: float) -> None:
        ground = self.ground
        if self.rng.random() > 0.8:
            return
        lateral = side * (ground.half_width + ground.kerb_width + (0.5 * ground.verge if ground.verge else 0.7))
        size = self.rng.uniform(6.5, 10.5)
        for station in self._stations(_BEHIND_M, _AHEAD_M, 8.0, 14.0):
            if self.rng.random() < self.content.trees and self._clear(station, lateral, 3.0):
                x, y, _ = ground.along(station, lateral)
                self._tree(x, y, float(size * self.rng.uniform(0.8, 1.15)), conifer=False)

    def _tree(self, x: float, y: float, height: float, *, conifer: bool) -> None:
        place = self._on_ground(x, y)
        if conifer:
            self.solids += build_conifer(place, height, self.noise, self.rng)
        else:
            self.solids += build_tree(place, height, self.noise, self.rng, near=bool(np.hypot(x, y) < 40.0))
        self.shades.append(Shade(x, y, 0.0, 0.1, 0.1, 0.3, 0.6))

    def _gardens(self) -> None:
        """Plant trees behind and between the houses, and bushes before them."""
        ground, rng = self.ground, self.rng
        for _ in range(round(64 * self.content.greenery)):
            station, side = rng.uniform(_BEHIND_M, _AHEAD_M + 60.0), rng.choice(SIDES)
            x, y, _ = ground.along(station, side * (ground.half_width + rng.uniform(14.0, 60.0)))
            if self._free(x, y, 3.0):
                self._tree(x, y, float(rng.uniform(7.0, 13.0)), conifer=bool(rng.random() < 0.2))
        for _ in range(0 if ground.paved_yards else round(36 * self.content.greenery)):
            station, side = rng.uniform(_BEHIND_M, _AHEAD_M), rng.choice(SIDES)
            x, y, _ = ground.along(station, side * (ground.half_width + ground.yard_start + rng.uniform(1.2, 6.0)))
            if self._free(x, y, 0.8):
                size = float(rng.uniform(*self.content.bush_height_m))
                self.solids += build_bush(self._on_ground(x, y), size, self.noise, rng)

    def _free(self, x: float, y: float, margin: float) -> bool:
        """Tell whether no house, car or street lies within the margin."""
        if float(self.ground.kerb_distance(np.array([x]), np.array([y]))[0]) < self.ground.yard_start + 0.5:
            return False
        place: tuple[Floats, Floats] = np.array([x]), np.array([y])
        return all(shade.outside(*place)[0] > margin for shade in self.shades)

    def _lamps(self, side: float) -> None:
        lateral = side * (self.ground.half_width + 0.45)
        for station in self._stations(-30.0, _AHEAD_M, 24.0, 32.0):
            if self._clear(station, lateral, 1.0):
                x, y, yaw = self.ground.along(station, lateral)
                towards_road, height = yaw - side * 0.5 * np.pi, float(self.rng.uniform(5.5, 7.5))
                self.solids += build_lamp(self._on_ground(x, y), towards_road, height)

    def _signs(self, side: float) -> None:
        lateral = side * (self.ground.half_width + 0.55)
        for station in self._stations(6.0, 90.0, 14.0, 40.0):
            if self._clear(station, lateral, 1.0):
                turn = 0.0 if side < 0 or self.rng.random() < 0.3 else np.pi
                self.solids += build_sign(self._frame(station, lateral, turn + self.rng.normal(0.0, 0.08)), self.rng)

    def _pedestrians(self) -> None:
        ground = self.ground
        for _ in range(int(self.rng.integers(0, self.content.pedestrians + 1))):
            side = self.rng.choice(SIDES)
            lateral = side * (ground.half_width + ground.yard_start - self.rng.uniform(0.4, 1.2))
            station = float(self.rng.uniform(5.0, 50.0))
            turn = float(self.rng.choice([0.0, np.pi]) + self.rng.normal(0.0, 0.2))
            pose = self._frame(station, lateral, turn)
            self.solids += build_person(pose, self.rng)
            self.shades.append(Shade(pose.position[0], pose.position[1], 0.0, 0.1, 0.1, 0.2, 0.6))

    def _horizon(self) -> None:
        for _ in range(16):
            angle, distance = self.rng.uniform(-1.3, 1.3), self.rng.uniform(190.0, 420.0)
            x, y = distance * np.cos(angle), distance * np.sin(angle)
            radii = np.array([self.rng.uniform(25.0, 80.0), self.rng.uniform(25.0, 60.0), self.rng.uniform(7.0, 14.0)])
            self.solids.append(build_far_wood(self._on_ground(x, y), radii, self.noise, self.rng))
