"""Blobs, the objects of the database storage, and the queue of objects to delete."""

from django.db import models


class Blob(models.Model):
    """The original bytes of one or more images, known by their SHA-256."""

    sha256 = models.CharField(max_length=64, unique=True, help_text="of the original bytes")
    size = models.PositiveBigIntegerField(help_text="of the original, in bytes")
    encoding = models.CharField(max_length=16, help_text="how the object is encoded: raw")
    # Unique by the way it is made. Each random index costs every commit a page of its own.
    key = models.CharField(max_length=128, help_text="the object's name")

    def __str__(self) -> str:
        return self.sha256


BLOB_COLUMNS = tuple(str(field.column) for field in Blob._meta.local_concrete_fields)


class StoredObject(models.Model):
    """One object of the database storage: a name and its bytes."""

    key = models.CharField(max_length=128, primary_key=True)
    data = models.BinaryField()

    def __str__(self) -> str:
        return self.key


class DoomedObject(models.Model):
    """An object that nothing refers to any more; it is deleted when its grace time is over."""

    key = models.CharField(max_length=128, primary_key=True)
    due = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
