"""Rendered street scenes with exact labels and an exact extrinsic."""
