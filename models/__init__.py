"""Segmentation networks, weight catalogue and label taxonomy."""
