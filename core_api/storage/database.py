"""A Django Storage whose objects are rows of the project's own database."""

from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage

from core_api.storage.models import StoredObject


class DatabaseStorage(Storage):
    """Objects in the database: one transaction covers an image's bytes and its row.

    The keys are made by core_api.storage.services and never reused, so a name is taken as it is.
    """

    transactional = True

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: keys are unique to one write."""
        return name

    def exists(self, name: str) -> bool:
        """Whether there is an object of this name."""
        return StoredObject.objects.filter(pk=name).exists()

    def delete(self, name: str) -> None:
        """Delete the object; nothing happens where there is none."""
        StoredObject.objects.filter(pk=name).delete()

    def size(self, name: str) -> int:
        """The object's length in bytes."""
        return len(self.read(name))

    def read(self, name: str) -> bytes:
        """The object's bytes; FileNotFoundError where there is none."""
        rows = StoredObject.objects.filter(pk=name).values_list("data", flat=True)
        for data in rows:
            return bytes(data)
        raise FileNotFoundError(name)

    def write(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Store many objects at once, in the transaction that is open."""
        StoredObject.objects.bulk_create(StoredObject(key=key, data=data) for key, data in objects)

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        return ContentFile(self.read(name), name)

    def _save(self, name: str, content: "File[Any]") -> str:
        StoredObject.objects.create(key=name, data=content.read())
        return name
