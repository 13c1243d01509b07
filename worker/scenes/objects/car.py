"""Cars: a lower body, a greenhouse, four wheels and two mirrors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.materials.base import Colour
from worker.scenes.materials.plain import Plain
from worker.scenes.materials.vehicle import Bodywork, Greenhouse, Wheel
from worker.scenes.semantics import Semantic
from worker.scenes.shapes import Ellipsoid, Frustum, Polyhedron, cut, prism
from worker.scenes.solids import Pose, Solid


@dataclass(frozen=True)
class CarType:
    """Proportions of a car, metres; x runs forward from the middle between the bumpers.

    Attributes:
        length: bumper to bumper.
        width: without mirrors.
        height: to the roof.
        belt: height of the window line.
        nose: height of the bonnet's front edge.
        cowl: x of the windscreen's foot, as a share of the length from the middle.
        roof_front: x of its upper edge, likewise.
        roof_rear: x of the rear window's upper edge, likewise.
        rear_base: x of its foot, likewise.
        wheel_radius: metres.
    """

    length: float
    width: float
    height: float
    belt: float
    nose: float
    cowl: float
    roof_front: float
    roof_rear: float
    rear_base: float
    wheel_radius: float


CAR_TYPES: tuple[CarType, ...] = (
    CarType(4.05, 1.73, 1.46, 0.93, 0.74, 0.24, 0.06, -0.36, -0.475, 0.31),  # hatchback
    CarType(4.65, 1.80, 1.44, 0.93, 0.72, 0.20, 0.02, -0.20, -0.36, 0.33),  # saloon
    CarType(4.70, 1.80, 1.48, 0.94, 0.73, 0.20, 0.03, -0.37, -0.475, 0.33),  # estate
    CarType(4.45, 1.84, 1.68, 1.05, 0.90, 0.22, 0.08, -0.37, -0.475, 0.36),  # sport utility
    CarType(3.60, 1.64, 1.50, 0.95, 0.78, 0.30, 0.10, -0.38, -0.48, 0.29),  # city car
    CarType(4.90, 1.92, 1.95, 1.12, 0.95, 0.32, 0.20, -0.465, -0.488, 0.34),  # van
)

LACQUERS: tuple[Colour, ...] = (
    (0.62, 0.63, 0.64),
    (0.33, 0.34, 0.36),
    (0.13, 0.135, 0.145),
    (0.016, 0.017, 0.02),
    (0.02, 0.022, 0.026),
    (0.025, 0.05, 0.14),
    (0.03, 0.09, 0.20),
    (0.30, 0.018, 0.02),
    (0.19, 0.02, 0.03),
    (0.035, 0.085, 0.06),
    (0.42, 0.38, 0.30),
    (0.10, 0.16, 0.22),
)


def build_car(kind: CarType, colour: Colour, pose: Pose) -> list[Solid]:
    """Return the solids of a car standing at a pose: x forward, z up, origin on the road."""
    axles = (-0.30 * kind.length, 0.305 * kind.length)
    body = Bodywork(
        colour, 0.5 * kind.length, -0.5 * kind.length, 0.5 * kind.width, kind.belt, axles, kind.wheel_radius
    )
    solids = [
        Solid(_lower_body(kind), pose, Semantic.CAR, body),
        Solid(_upper_body(kind), pose, Semantic.CAR, _greenhouse(kind, colour)),
    ]
    solids += [_wheel(kind, pose, axle, side) for axle in axles for side in (-1.0, 1.0)]
    for side in (-1.0, 1.0):
        mirror = pose.at(kind.cowl * kind.length - 0.25, side * (0.5 * kind.width + 0.07), kind.belt + 0.05)
        solids.append(Solid(Ellipsoid(np.array([0.09, 0.11, 0.075])), mirror, Semantic.CAR, Plain(colour, 0.05, 0.2)))
    return solids


def _lower_body(kind: CarType) -> Polyhedron:
    half, belt, cowl = 0.5 * kind.length, kind.belt, kind.cowl * kind.length
    boot = kind.rear_base * kind.length
    profile = np.array(
        [
            (-half + 0.22, 0.2),
            (half - 0.25, 0.2),
            (half - 0.06, 0.3),
            (half, 0.46),
            (half - 0.03, 0.6),
            (half - 0.16, kind.nose),
            (half - 0.42, kind.nose + 0.07),
            (cowl, belt + 0.01),
            (boot, belt + 0.015),
            (max(-half + 0.1, boot - 0.55), belt - 0.02 if boot > -half + 0.3 else belt - 0.05),
            (-half + 0.02, belt - 0.2),
            (-half, 0.5),
            (-half + 0.05, 0.32),
        ]
    )
    body = prism(_convex(profile), 0.5 * kind.width, lean=0.06, lean_from=0.45, rounding=0.035)
    across, taper = 0.5 * kind.width, 0.42
    for forward in (1.0, -1.0):
        for side in (1.0, -1.0):
            body = cut(body, (forward * taper, side, 0.0), taper * (half - 0.1) + across - 0.16 + 0.08)
            body = cut(body, (forward, side * 0.75, 0.0), half + 0.75 * across - 0.2)
    for side in (1.0, -1.0):
        body = cut(body, (0.0, side, 0.9), across + 0.9 * belt - 0.1)
    return body


def _upper_body(kind: CarType) -> Polyhedron:
    length = kind.length
    profile = np.array(
        [
            (kind.rear_base * length, kind.belt - 0.02),
            (kind.cowl * length, kind.belt - 0.02),
            (kind.roof_front * length, kind.height - 0.05),
            ((kind.roof_front - 0.06) * length, kind.height - 0.01),
            (0.5 * (kind.roof_front + kind.roof_rear) * length, kind.height),
            ((kind.roof_rear + 0.05) * length, kind.height - 0.02),
            (kind.roof_rear * length, kind.height - 0.06),
        ]
    )
    upper = prism(_convex(profile), 0.5 * kind.width - 0.07, lean=0.3, lean_from=kind.belt, rounding=0.03)
    half_roof = 0.5 * kind.width - 0.07 - 0.3 * (kind.height - kind.belt)
    for side in (1.0, -1.0):
        upper = cut(upper, (0.0, side * 0.8, 1.0), 0.8 * half_roof + kind.height - 0.055)
    return upper


def _greenhouse(kind: CarType, colour: Colour) -> Greenhouse:
    length = kind.length
    return Greenhouse(
        colour=colour,
        base=kind.belt,
        roof=kind.height,
        base_span=(kind.rear_base * length, kind.cowl * length),
        roof_span=(kind.roof_rear * length, kind.roof_front * length),
        half_width=0.5 * kind.width - 0.07,
        lean=0.3,
    )


def _wheel(kind: CarType, pose: Pose, axle: float, side: float) -> Solid:
    hub = pose.to_world(np.array([[axle, side * (0.5 * kind.width - 0.2), kind.wheel_radius]]))[0]
    outward = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, side], [0.0, -side, 0.0]])
    shape = Frustum(kind.wheel_radius, kind.wheel_radius, 0.215)
    return Solid(shape, Pose(pose.rotation @ outward, hub), Semantic.CAR, Wheel(kind.wheel_radius))


def _convex(profile: np.ndarray) -> np.ndarray:
    """Return the convex hull of a profile (k, 2), counter-clockwise."""
    ordered = profile[np.lexsort((profile[:, 1], profile[:, 0]))]
    chains = []
    for points in (ordered, ordered[::-1]):
        chain: list[np.ndarray] = []
        for point in points:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 1e-9:
                chain.pop()
            chain.append(point)
        chains.append(chain[:-1])
    return np.array(chains[0] + chains[1])


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
