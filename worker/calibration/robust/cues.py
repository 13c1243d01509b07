"""The cues of one frame, from which terms of any sharpness and density are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from worker.calibration.camera import Camera
from worker.calibration.config import Prior
from worker.calibration.frame import Frame
from worker.calibration.parallel import both
from worker.calibration.robust.divergence import GroupDivergence
from worker.calibration.robust.edges import EdgeAlignment, edge_alignment
from worker.calibration.robust.frame_terms import IntensityChannels, SemanticChannels
from worker.calibration.robust.occlusion import hidden
from worker.calibration.robust.term import Term
from worker.calibration.transforms import RigidTransform
from worker.calibration.view_cone import ViewCone


@dataclass(frozen=True)
class Sharpness:
    """How sharp a level of the search sees: blur of the image's classes and of its brightness (px)."""

    class_sigma_px: float
    brightness_sigma_px: float


COARSE = Sharpness(class_sigma_px=6.0, brightness_sigma_px=4.0)
MEDIUM = Sharpness(class_sigma_px=4.0, brightness_sigma_px=2.0)
FINE = Sharpness(class_sigma_px=0.5, brightness_sigma_px=1.0)


@dataclass(frozen=True)
class FrameCues:
    """What one frame offers.

    Attributes:
        camera: intrinsics and image size.
        semantic: class groups of both modalities.
        intensity: brightness and intensity levels, where the frame has both.
        image: (H, W, 3) uint8 RGB, where the frame has one.
        dtype: precision of the terms.
        device: where they live.
    """

    camera: Camera
    semantic: SemanticChannels
    intensity: IntensityChannels | None
    image: npt.NDArray[np.uint8] | None
    dtype: torch.dtype
    device: str

    @classmethod
    def from_frame(cls, frame: Frame, camera: Camera, cone: ViewCone, dtype: torch.dtype, device: str) -> FrameCues:
        """Take the points inside the cone and sort both modalities into groups and levels."""
        semantic = SemanticChannels.from_frame(frame, camera, cone)
        intensity = IntensityChannels.from_frame(frame, semantic) if semantic.is_informative else None
        return cls(camera, semantic, intensity, frame.image, dtype, device)

    @cached_property
    def coarse_terms(self) -> dict[str, GroupDivergence]:
        """Return the terms of the search, which a job may search more than once."""
        return self.histogram_terms(COARSE)

    def histogram_terms(self, sharpness: Sharpness, num_points: int | None = None) -> dict[str, GroupDivergence]:
        """Return the terms that need no edges, over about `num_points` points or all."""
        terms = {"semantic": self.semantic.term(self.camera, sharpness.class_sigma_px, self.dtype, self.device)}
        if self.intensity is not None:
            terms["intensity"] = self.intensity.term(
                self.semantic, self.camera, sharpness.brightness_sigma_px, self.dtype, self.device
            )
        return terms if num_points is None else {name: term.thinned(num_points) for name, term in terms.items()}

    def terms(
        self, sharpness: Sharpness, num_points: int | None = None, *, edges_from: RigidTransform | None = None
    ) -> dict[str, Term]:
        """Return the terms over about `num_points` points or all; depth edges where a pose says how to judge them."""
        if edges_from is None:
            return {**self.histogram_terms(sharpness, num_points)}
        edges, histograms = both(
            lambda: self.edge_term(edges_from), lambda: self.histogram_terms(sharpness, num_points)
        )
        return {**histograms} if edges is None else {**histograms, "edges": edges}

    def edge_term(self, viewpoint: RigidTransform) -> EdgeAlignment | None:
        """Return the edge term as seen from a pose that is roughly right; None without an image."""
        if self.image is None:
            return None
        # Of all points, not only of those seen from there: poses of other basins are judged by the same edges.
        return edge_alignment(
            self.image, self.semantic.points, self.camera, viewpoint, dtype=self.dtype, device=self.device
        )

    def cone(self, pose: RigidTransform) -> ViewCone:
        """Return what can be seen from poses close to this one."""
        return ViewCone.around(pose, self.camera, _NEARBY)

    def narrowed(
        self, terms: dict[str, Term], pose: RigidTransform, num_points: int, *, unhidden: bool = False
    ) -> dict[str, Term]:
        """Drop the points that no pose close to this one sees, and keep about `num_points` of the others.

        With `unhidden`, those that something hides from the camera go first, and all edges stay: the last word is
        theirs.
        """
        points = next(term.points for term in terms.values() if isinstance(term, GroupDivergence))
        seen = self.cone(pose).contains(points).nonzero().squeeze(-1)
        if unhidden:
            seen = seen[~hidden(self.camera, pose, points[:, seen])]
        seen = seen[:: max(1, len(seen) // num_points)]

        def narrow(term: Term) -> Term:
            if isinstance(term, GroupDivergence):
                return term.at(seen)
            return term if unhidden else term.thinned(num_points)

        return {name: narrow(term) for name, term in terms.items()}


# A pose that has found its basin moves no further than this.
_NEARBY = Prior(rotation_deg=1.5, translation_m=0.1)
