"""What a network saw in training is said, and which of the frames it saw are named."""

import pytest

from worker.bench.paper.data_set import KITTI_DETECTION, KITTI_ODOMETRY, UNNAMED
from worker.bench.paper.provenance import LABELS_GIVEN, PAPER_NETWORKS, provenance

IMAGE, CLOUD = "espnetv2_s2_cityscapes", "mininet3d_tiny_semantickitti"


def test_training_frames_are_named(street_frame):
    """Sequence 00 is training data of 3D-MiniNet, sequence 11 is not, and of KITTI detection nobody knows."""
    frames = [
        street_frame(KITTI_ODOMETRY, "seen", "KITTI odometry seq 00"),
        street_frame(KITTI_ODOMETRY, "unseen", "KITTI odometry seq 11"),
        street_frame(KITTI_DETECTION, "uncertain", "KITTI object detection training"),
    ]
    paper, image, cloud = provenance(frames, IMAGE, CLOUD)
    assert paper == PAPER_NETWORKS
    assert "Cityscapes" in image
    assert "These frames are its training data: seen." in cloud
    assert "KITTI detection are not known to be disjoint" in cloud


def test_where_nothing_overlaps_nothing_is_said(street_frame):
    """A rendered frame is nobody's training data."""
    _, _, cloud = provenance([street_frame(UNNAMED, "scene")], IMAGE, CLOUD)
    assert cloud.endswith("trained on SemanticKITTI 00 to 10.")


@pytest.mark.parametrize("models", [(None, None)])
def test_labels_have_no_training(street_frame, models):
    """With label files no network took part."""
    assert provenance([street_frame(UNNAMED)], *models) == [PAPER_NETWORKS, LABELS_GIVEN]
