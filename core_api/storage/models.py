"""Blobs, the objects of the database storage, and the queue of objects to delete."""

from django.db import models
from django.db.models import Q


class Outcome(models.TextChoices):
    """What became of the attempt to store a blob in less space."""

    ENCODED = "encoded"
    # It would not have become smaller, or not have come back as it was.
    KEPT = "kept"
    # No decoder reads it: it stays as received.
    UNDECODABLE = "undecodable"
    # The attempt itself failed; another one may be made.
    FAILED = "failed"


class Blob(models.Model):
    """The original bytes of one or more images, known by their SHA-256."""

    sha256 = models.CharField(max_length=64, unique=True, help_text="of the original bytes")
    size = models.PositiveBigIntegerField(help_text="of the original, in bytes")
    encoding = models.CharField(max_length=16, help_text="how the object is encoded: raw, webp ...")
    # Unique by the way it is made. Each random index costs every commit a page of its own.
    key = models.CharField(max_length=128, help_text="the object's name")
    stored_size = models.PositiveBigIntegerField(help_text="of the object, in bytes")
    stored_sha256 = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="of an encoded object"
    )
    media_type = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="that an encoded one had"
    )
    # NULL, for SQLite uses a partial index where the condition is no parameter.
    outcome = models.CharField(  # noqa: DJ001
        max_length=12, choices=Outcome, null=True, help_text="of compression; NULL: waits for it"
    )

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="blobs_waiting", condition=Q(outcome__isnull=True))
        ]

    # Whether the object of a blob that has no row yet is written already (storage.objects.place).
    placed = False

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
