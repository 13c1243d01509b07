"""Readers and checks of what callers send: numpy and Pillow only."""
