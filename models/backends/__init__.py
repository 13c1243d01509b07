"""Code that runs segmentation networks: one small protocol for each modality."""
