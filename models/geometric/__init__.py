"""A cloud segmenter that needs no training and no particular LiDAR."""
