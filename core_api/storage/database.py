"""A Django Storage whose objects are rows of the project's own database."""

from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import connection

from core_api.rows import insert
from core_api.storage.models import StoredObject

_READ = f"SELECT data FROM {StoredObject._meta.db_table} WHERE key = %s"  # noqa: S608


class DatabaseStorage(Storage):
    """Objects in the database: one transaction covers an image's bytes and its row.

    The keys are made by core_api.storage.services and never reused, so a name is taken as it is.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002
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
        with connection.cursor() as cursor:
            cursor.execute(_READ, [name])
            row = cursor.fetchone()
        if row is None:
            raise FileNotFoundError(name)
        return bytes(row[0])

    def write(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Store many objects at once, in the transaction that is open."""
        insert(StoredObject, ("key", "data"), list(objects))

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":  # noqa: ARG002
        return ContentFile(self.read(name), name)

    def _save(self, name: str, content: "File[Any]") -> str:
        StoredObject.objects.create(key=name, data=content.read())
        return name
