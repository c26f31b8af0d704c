"""A Django Storage whose objects are rows of the project's own database."""

from collections.abc import Iterable, Iterator

from django.db import connection

from core_api.rows import insert
from core_api.storage.backends import ObjectStorage
from core_api.storage.models import StoredObject

_READ = f"SELECT data FROM {StoredObject._meta.db_table} WHERE key = %s"  # noqa: S608


class DatabaseStorage(ObjectStorage):
    """Objects in the database: one transaction covers an image's bytes and its row."""

    transactional = True

    def exists(self, name: str) -> bool:
        """Whether there is an object of this name."""
        return StoredObject.objects.filter(pk=name).exists()

    def delete(self, name: str) -> None:
        """Delete the object; nothing happens where there is none."""
        self.delete_all([name])

    def delete_all(self, names: Iterable[str]) -> None:
        """Delete objects by one statement; those that are not there are no error."""
        StoredObject.objects.filter(pk__in=list(names)).delete()

    def keys(self) -> Iterator[str]:
        """The names of all objects."""
        return StoredObject.objects.values_list("key", flat=True).iterator()

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
