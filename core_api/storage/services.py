"""Keeping, reading and forgetting content-addressed blobs."""

from collections.abc import Collection, Iterable, Sequence

from django.db import connection
from django.db.models import ProtectedError

from core_api.rows import insert_numbered, saved
from core_api.storage import restore
from core_api.storage.deletion import doom
from core_api.storage.models import BLOB_COLUMNS, Blob
from core_api.storage.objects import fetch
from core_api.storage.places import image_storage
from core_api.storage.restore import RAW

_WRITTEN = ("sha256", "size", "encoding", "key", "stored_size")
_KEPT = f"SELECT {', '.join(BLOB_COLUMNS)} FROM {Blob._meta.db_table} WHERE sha256 IN ({{}})"  # noqa: S608


def draft(sha256: str, size: int) -> Blob:
    """A blob of `size` bytes that is not stored yet; its object has a name of its own."""
    key = image_storage().new_key(sha256, RAW)
    return Blob(sha256=sha256, size=size, stored_size=size, encoding=RAW, key=key)


def keep(drafts: Iterable[tuple[Blob, bytes]]) -> dict[str, Blob]:
    """The blobs of these contents by SHA-256: the draft itself where the content is new.

    Runs in the transaction of the caller, who then lets rows refer to the blobs.
    """
    contents = {blob.sha256: (blob, data) for blob, data in drafts}
    # In one order everywhere: writers that wait for each other's contents never do so in a circle.
    blobs = [contents[digest][0] for digest in sorted(contents)]
    kept = {blob.sha256: blob for blob in _inserted(blobs) or _kept(blobs)}
    image_storage().write(
        (blob.key, data)
        for blob, data in contents.values()
        if kept[blob.sha256].key == blob.key and not blob.placed
    )
    return kept


def _inserted(blobs: Sequence[Blob]) -> Sequence[Blob]:
    """The blobs, inserted and numbered; none where one was there already."""
    rows = [(blob.sha256, blob.size, blob.encoding, blob.key, blob.size) for blob in blobs]
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


def read(blob: Blob) -> bytes:
    """The image in its original format, and where restore.is_exact says so its original bytes.

    FileNotFoundError where its object is not there.
    """
    known = None if blob.encoding == RAW else restore.cached(blob)
    if known is not None:
        return known
    # It may be encoded by the time that it is read.
    data = fetch(blob)
    return data if blob.encoding == RAW else restore.restored(blob, data)


def read_as_stored(blob: Blob) -> bytes:
    """The object's bytes as they lie there, encoded or not; FileNotFoundError likewise."""
    return fetch(blob)


def forget(blob_ids: Collection[int]) -> None:
    """Delete those of the blobs that no row refers to, and doom their objects.

    Runs in the transaction of the caller. Whoever refers to a blob does so by a foreign key with
    PROTECT, which is what is asked here.
    """
    for blob in Blob.objects.select_for_update().filter(pk__in=blob_ids):
        key = blob.key
        try:
            blob.delete()
        except ProtectedError:
            continue
        doom([key])
