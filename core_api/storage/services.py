"""Keeping, reading and forgetting content-addressed blobs."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from core_api.rows import insert_numbered, saved
from core_api.storage.database import DatabaseStorage
from core_api.storage.models import BLOB_COLUMNS, Blob, DoomedObject
from core_api.uuids import uuid7

RAW = "raw"
SWEEP_BATCH = 500
_WRITTEN = ("sha256", "size", "encoding", "key")
_KEPT = f"SELECT {', '.join(BLOB_COLUMNS)} FROM {Blob._meta.db_table} WHERE sha256 IN ({{}})"  # noqa: S608


def image_storage() -> DatabaseStorage:
    """The storage that STORAGES["images"] names."""
    storage = storages["images"]
    if not isinstance(storage, DatabaseStorage):
        raise TypeError('STORAGES["images"] must be core_api.storage.database.DatabaseStorage.')
    return storage


def draft(sha256: str, size: int) -> Blob:
    """A blob of `size` bytes that is not stored yet; its object has a name of its own."""
    return Blob(sha256=sha256, size=size, encoding=RAW, key=_key(sha256))


def keep(drafts: Iterable[tuple[Blob, bytes]]) -> dict[str, Blob]:
    """The blobs of these contents by SHA-256: the draft itself where the content is new.

    Runs in the transaction of the caller, who then lets rows refer to the blobs.
    """
    contents = {blob.sha256: (blob, data) for blob, data in drafts}
    # In one order everywhere: writers that wait for each other's contents never do so in a circle.
    blobs = [contents[digest][0] for digest in sorted(contents)]
    kept = {blob.sha256: blob for blob in _inserted(blobs) or _kept(blobs)}
    image_storage().write(
        (blob.key, data) for blob, data in contents.values() if kept[blob.sha256].key == blob.key
    )
    return kept


def _inserted(blobs: Sequence[Blob]) -> Sequence[Blob]:
    """The blobs, inserted and numbered; none where one was there already."""
    rows = [(blob.sha256, blob.size, blob.encoding, blob.key) for blob in blobs]
    ids = insert_numbered(Blob, _WRITTEN, rows, "ON CONFLICT (sha256) DO NOTHING")
    if ids is None:
        return ()
    for blob, number in zip(blobs, ids, strict=True):
        saved(blob, number)
    return blobs


def _kept(drafts: Sequence[Blob]) -> list[Blob]:
    """The blobs of these contents as they are in the database, new ones among them.

    On PostgreSQL they are kept from being forgotten until this transaction ends; where one was
    forgotten just before, its draft is inserted once more.
    """
    missing = {blob.sha256: blob for blob in drafts}
    found: list[Blob] = []
    while missing:
        read = _read(list(missing))
        found += read
        for blob in read:
            del missing[blob.sha256]
        _inserted(list(missing.values()))
    return found


def _read(digests: Sequence[str]) -> list[Blob]:
    statement = _KEPT.format(", ".join(["%s"] * len(digests)))
    if connection.features.has_select_for_update:
        statement += " ORDER BY sha256 FOR KEY SHARE"
    with connection.cursor() as cursor:
        cursor.execute(statement, digests)
        return [Blob(**dict(zip(BLOB_COLUMNS, row, strict=True))) for row in cursor.fetchall()]


def _key(sha256: str) -> str:
    """A name for an object that no other write has: a UUID of version 7 (RFC 9562), the digest.

    Names rise with the time, so that the index of a batch's objects fills one page and not one
    for each: 16 KiB less in the log for every picture.
    """
    return f"{uuid7().hex}/{sha256}.{RAW}"


def read(blob: Blob) -> bytes:
    """The original bytes of a blob."""
    return image_storage().read(blob.key)


def forget(blob_ids: Collection[int]) -> None:
    """Delete those of the blobs that no row refers to, and doom their objects.

    Runs in the transaction of the caller. Whoever refers to a blob does so by a foreign key with
    PROTECT, which is what is asked here.
    """
    due = timezone.now() + dt.timedelta(seconds=settings.COAPTURE_DELETE_GRACE)
    for blob in Blob.objects.select_for_update().filter(pk__in=blob_ids):
        key = blob.key
        try:
            blob.delete()
        except ProtectedError:
            continue
        DoomedObject.objects.create(key=key, due=due)


def sweep() -> int:
    """Delete the doomed objects whose grace time is over; gives their number.

    An object that a blob refers to again is spared (it can only be by a repair).
    """
    due = DoomedObject.objects.filter(due__lte=timezone.now()).order_by("due")
    keys = list(due.values_list("key", flat=True)[:SWEEP_BATCH])
    with transaction.atomic():
        digests = {key.partition("/")[2].partition(".")[0] for key in keys}
        blobs = Blob.objects.filter(sha256__in=digests)
        spared = set(blobs.values_list("key", flat=True)).intersection(keys)
        for key in keys:
            if key not in spared:
                image_storage().delete(key)
        DoomedObject.objects.filter(pk__in=keys).delete()
    return len(keys) - len(spared)
