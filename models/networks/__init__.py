"""Segmentation networks as plain PyTorch modules, named after the state dicts they load."""
