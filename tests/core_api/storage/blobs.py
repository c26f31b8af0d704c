"""Blobs and images for the tests of the storage."""

import hashlib

from django.utils import timezone

from collections_app.images.models import Image
from core_api.storage import services
from core_api.storage.models import Blob


def digest(data: bytes) -> str:
    """The SHA-256, in hex."""
    return hashlib.sha256(data).hexdigest()


def draft(data: bytes) -> Blob:
    """A blob of these bytes that is not stored yet."""
    return services.draft(digest(data), len(data))


def keep(*contents: bytes) -> list[Blob]:
    """Blobs of these contents, stored."""
    services.keep((draft(data), data) for data in contents)
    return [Blob.objects.get(sha256=digest(data)) for data in contents]


def use(blob: Blob) -> Image:
    """An image that refers to the blob."""
    moment = timezone.now()
    return Image.objects.create(
        device_id="a", timestamp=moment, stored=moment, blob=blob, width=1, height=1
    )
