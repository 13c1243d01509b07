"""How long segmentation takes."""

import time

from models.backends.espnetv2 import ESPNetv2Segmenter
from models.backends.mininet3d import MiniNet3DSegmenter
from models.catalogue import get_entry


def test_both_networks_together_take_little_of_a_processor(espnetv2_files, mininet3d_files, image_of, points_of):
    """Processor seconds for one frame, best of three: on an idle machine with two cores the clock shows fewer."""
    segment_image = ESPNetv2Segmenter(get_entry("espnetv2_s2_cityscapes"), espnetv2_files, "cpu").segment
    segment_cloud = MiniNet3DSegmenter(get_entry("mininet3d_tiny_semantickitti"), mininet3d_files, "cpu").segment
    image, points = image_of("kitti00_000000"), points_of("kitti00_000000")
    seconds = []
    for _ in range(3):
        start = time.process_time()
        segment_image(image)
        segment_cloud(points)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1.5
