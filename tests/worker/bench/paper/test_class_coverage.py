"""Frames that lack a class are known by name, and by what they lack."""

import numpy as np

from worker.bench.paper.class_coverage import ClassCount, class_counts, lacking
from worker.bench.paper.data_set import KITTI_ODOMETRY
from worker.calibration.config import PAPER_CLASSES


def test_pixels_and_points_are_counted(street, street_frame):
    """Each modality by its own ids, points out of view included."""
    frame = street_frame(KITTI_ODOMETRY).bench.frame
    counts = class_counts(frame, PAPER_CLASSES)
    assert counts["car"] == ClassCount(int((street.image_labels == 4).sum()), int((frame.point_labels == 14).sum()))
    assert counts["car"].pixels > 0
    assert counts["car"].points > 0
    assert lacking(counts) == []


def test_what_is_missing_is_named_with_its_modality(street, street_frame):
    """Cars without a pixel and a sidewalk without a point."""
    every_tenth = street.frame.point_labels[::10]
    frame = street_frame(
        KITTI_ODOMETRY,
        image_labels=np.where(street.image_labels == 4, 5, street.image_labels),
        point_labels=np.where(every_tenth == 12, 13, every_tenth),
    )
    counts = class_counts(frame.bench.frame, PAPER_CLASSES)
    assert lacking(counts) == ["car in the image", "sidewalk in the cloud"]
