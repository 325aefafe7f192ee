"""A static shape linter for BYOL and other self-supervised models."""

__version__ = "0.1.0"
