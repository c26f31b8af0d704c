"""Every table of the collections, found by Django here."""

from collections_app.images.models import Image

__all__ = ["Image"]
