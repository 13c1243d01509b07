"""How a calibration ended: named values with a sentence each."""

from enum import StrEnum


class Outcome(StrEnum):
    """The end of a calibration."""

    CONVERGED = "converged"
    ALL_CANDIDATES_REJECTED = "all_candidates_rejected"
    TOO_FEW_POINTS = "too_few_points"
    NO_COMMON_CLASS = "no_common_class"
    NO_POINT_IN_VIEW = "no_point_in_view"
    NON_FINITE = "non_finite"
    NOTHING_BETTER = "nothing_better"

    @property
    def sentence(self) -> str:
        """Say to a user what happened and what to do about it."""
        return _SENTENCES[self]

    @property
    def is_success(self) -> bool:
        """Tell whether the search ran to its end, be it that the initial extrinsic is the best there is."""
        return self in {Outcome.CONVERGED, Outcome.NOTHING_BETTER}


_SENTENCES = {
    Outcome.CONVERGED: "The extrinsic was found and refined.",
    Outcome.ALL_CANDIDATES_REJECTED: (
        "Every candidate extrinsic left fewer LiDAR points in the image than `min_points_in_view` asks for; lower that "
        "number for a sparse LiDAR, or give an initial extrinsic that looks the right way. The initial extrinsic is "
        "returned."
    ),
    Outcome.TOO_FEW_POINTS: (
        "Too few points of the aligned classes lie in the image to determine an extrinsic; use a frame that shows more "
        "of them, or several frames. The initial extrinsic is returned."
    ),
    Outcome.NO_COMMON_CLASS: (
        "The image and the point cloud have too little in common to align: `paper` needs one of its classes in both, "
        "`robust` two groups of classes in each. Check that the cloud is in metres, in the frame of the LiDAR or its "
        "vehicle; use a frame that shows more, or name other classes. The initial extrinsic is returned."
    ),
    Outcome.NO_POINT_IN_VIEW: (
        "The initial extrinsic puts no LiDAR point into the image; check its direction (LiDAR to camera or camera to "
        "LiDAR) and its axes. The initial extrinsic is returned."
    ),
    Outcome.NON_FINITE: (
        "The optimisation met a number that is not finite; check the intrinsics and the initial extrinsic. The initial "
        "extrinsic is returned."
    ),
    Outcome.NOTHING_BETTER: (
        "No extrinsic was found that explains the frames better than the initial one, which is returned unchanged."
    ),
}
