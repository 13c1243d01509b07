"""The one place that states the version of semalign."""

__version__ = "0.1.0"
