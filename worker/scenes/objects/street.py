"""Street furniture: lamps, signs, fences; and people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.scenes.arrays import Floats, Mask
from worker.scenes.materials.base import Colour
from worker.scenes.materials.plain import Plain, Planks, SignFace
from worker.scenes.semantics import Semantic
from worker.scenes.shapes import Ellipsoid, Frustum, box, cut
from worker.scenes.solids import Pose, Solid, rotation_to

_STEEL = Plain((0.28, 0.29, 0.30), gloss=0.03, reflectance=0.25)
_RED, _WHITE, _BLUE, _YELLOW = (0.5, 0.012, 0.014), (0.75, 0.75, 0.75), (0.015, 0.08, 0.36), (0.7, 0.45, 0.03)
_SIGN_FACES: tuple[tuple[Colour, Colour, Colour, bool], ...] = (
    (_RED, _RED, _WHITE, True),
    (_RED, _WHITE, (0.02, 0.02, 0.02), False),
    (_WHITE, _BLUE, _WHITE, False),
    (_WHITE, _YELLOW, _YELLOW, False),
    (_RED, _BLUE, _RED, True),
)


def build_lamp(place: Floats, yaw: float, height: float) -> list[Solid]:
    """Return a street lamp at a place (3,), metres, whose arm reaches out in direction yaw, radians."""
    foot = place - np.array([0.0, 0.0, 0.2])
    top = place + np.array([0.0, 0.0, height])
    arm = top + 1.3 * np.array([np.cos(yaw), np.sin(yaw), 0.15])
    return [
        _rod(foot, top, 0.085, 0.055, Semantic.POLE),
        _rod(top - np.array([0, 0, 0.06]), arm, 0.04, 0.035, Semantic.POLE),
        Solid(Ellipsoid(np.array([0.16, 0.16, 0.38])), Pose(rotation_to(arm - top), arm), Semantic.POLE, _STEEL),
    ]


def build_sign(pose: Pose, rng: np.random.Generator) -> list[Solid]:
    """Return a traffic sign on a post that faces local -x, standing on the ground at the origin."""
    height, radius = float(rng.uniform(2.1, 2.5)), float(rng.uniform(0.3, 0.36))
    border, field, mark, bar = _SIGN_FACES[rng.integers(len(_SIGN_FACES))]
    plate = box((-0.01, -radius, -radius), (0.01, radius, radius))
    shape = rng.random()
    corners = 8 if shape < 0.75 else 4
    for angle in np.arange(corners) * 2 * np.pi / corners + np.pi / 4:
        plate = cut(plate, (0.0, float(np.cos(angle)), float(np.sin(angle))), radius)
    foot = pose.to_world(np.array([[0.04, 0.0, -0.2]]))[0]
    top = pose.to_world(np.array([[0.04, 0.0, height + radius]]))[0]
    face = SignFace(radius, border, field, mark, bar)
    return [
        _rod(foot, top, 0.032, 0.032, Semantic.POLE),
        Solid(plate, pose.at(0.0, 0.0, height), Semantic.TRAFFIC_SIGN, face),
    ]


@dataclass(frozen=True)
class Gaps:
    """The gaps between the pickets of a fence.

    Attributes:
        pose: of the fence.
        pitch: from picket to picket, metres.
        picket: width of a picket, metres.
        rails: heights of the rails, metres.
    """

    pose: Pose
    pitch: float
    picket: float
    rails: tuple[float, ...]

    def __call__(self, points: Floats) -> Mask:
        """Return where there is wood, (n,), at world points (n, 3)."""
        local = self.pose.to_local(points)
        wood = np.mod(local[:, 0], self.pitch) < self.picket
        for rail in self.rails:
            wood |= np.abs(local[:, 2] - rail) < 0.05
        return wood


def build_fence(pose: Pose, length: float, rng: np.random.Generator) -> list[Solid]:
    """Return a fence along local x from the origin on the ground, metres: pickets, or closed boards."""
    height = float(rng.uniform(0.9, 1.7))
    wood: Colour = ((0.2, 0.13, 0.08), (0.42, 0.40, 0.37), (0.12, 0.15, 0.12), (0.30, 0.22, 0.15))[rng.integers(4)]
    panel = box((0.0, -0.025, -0.4), (length, 0.025, height))
    open_work = rng.random() < 0.5
    gaps = Gaps(pose, 0.16, 0.1, (0.25 * height, 0.85 * height)) if open_work else None
    return [Solid(panel, pose, Semantic.FENCE, Planks(wood, 0.16), gaps)]


def build_person(pose: Pose, rng: np.random.Generator) -> list[Solid]:
    """Return a walking person who faces local x, standing on the ground at the origin."""
    size = float(rng.uniform(0.93, 1.08))
    jacket, trousers = (Plain(_clothes(rng), reflectance=0.25) for _ in range(2))
    skin, hair = Plain((0.45, 0.27, 0.19), dirt=0.05), Plain((0.05, 0.035, 0.025))
    stride = float(rng.uniform(0.12, 0.3))

    def place(x: float, y: float, z: float) -> Floats:
        return pose.to_world(size * np.array([[x, y, z]]))[0]

    def limb(a: Floats, b: Floats, thick: float, thin: float, finish: Plain) -> Solid:
        shape = Frustum(size * thick, size * thin, float(np.linalg.norm(b - a)))
        return Solid(shape, Pose(rotation_to(b - a), a), Semantic.PERSON, finish)

    def blob(x: float, y: float, z: float, radii: tuple[float, float, float], finish: Plain) -> Solid:
        return Solid(Ellipsoid(size * np.array(radii)), pose.at(size * x, size * y, size * z), Semantic.PERSON, finish)

    solids = [
        blob(0.0, 0.0, 1.17, (0.135, 0.205, 0.36), jacket),
        blob(0.0, 0.0, 0.9, (0.14, 0.18, 0.16), trousers),
        blob(0.02, 0.0, 1.62, (0.1, 0.085, 0.125), skin),
        blob(-0.015, 0.0, 1.66, (0.105, 0.095, 0.105), hair),
    ]
    for side in (-1.0, 1.0):
        swing = side * stride
        hip, foot = place(0.0, 0.09 * side, 0.92), place(swing, 0.09 * side, 0.06)
        shoulder, hand = place(0.0, 0.18 * side, 1.42), place(-0.7 * swing + 0.04, 0.22 * side, 0.84)
        solids += [
            limb(hip, foot, 0.09, 0.055, trousers),
            limb(shoulder, hand, 0.058, 0.036, jacket),
            blob(-0.7 * swing + 0.05, 0.22 * side, 0.8, (0.045, 0.03, 0.065), skin),
            blob(swing + 0.06, 0.09 * side, 0.05, (0.14, 0.05, 0.055), hair),
        ]
    return solids


def _clothes(rng: np.random.Generator) -> Colour:
    tone = rng.uniform(0.02, 0.4)
    r, g, b = np.clip(tone * rng.uniform(0.5, 1.5, 3), 0.01, 0.7)
    return float(r), float(g), float(b)


def _rod(foot: Floats, tip: Floats, foot_radius: float, tip_radius: float, semantic: Semantic) -> Solid:
    shape = Frustum(foot_radius, tip_radius, float(np.linalg.norm(tip - foot)))
    return Solid(shape, Pose(rotation_to(tip - foot), foot), semantic, _STEEL)
