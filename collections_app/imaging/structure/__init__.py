"""Verification of images by their structure: pure Python, no decoder, hostile bytes welcome."""

from collections_app.imaging.structure.errors import (
    BrokenImage,
    ImageError,
    NotAnImage,
    TooManyPixels,
    TruncatedImage,
)
from collections_app.imaging.structure.facts import ImageFacts
from collections_app.imaging.structure.inspection import ALL_FORMATS, inspect

__all__ = [
    "ALL_FORMATS",
    "BrokenImage",
    "ImageError",
    "ImageFacts",
    "NotAnImage",
    "TooManyPixels",
    "TruncatedImage",
    "inspect",
]
