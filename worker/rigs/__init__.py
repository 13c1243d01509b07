"""Rigs that are watched for drift: what their frames say, put together over time. Needs no torch."""
