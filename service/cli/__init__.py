"""The `semalign` command: the composition root, which may import every part."""
