"""Keeping, reading and forgetting content-addressed blobs."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from core_api.storage.database import DatabaseStorage
from core_api.storage.models import Blob, DoomedObject

RAW = "raw"
SWEEP_BATCH = 500
# Every upload runs these; building them by the ORM took longer than running them.
_CLAIM = (
    f"INSERT INTO {Blob._meta.db_table} (sha256, size, encoding, key)"  # noqa: S608
    " VALUES (%s, %s, %s, %s) ON CONFLICT (sha256) DO NOTHING"
)
_CLAIMED = f"SELECT key FROM {Blob._meta.db_table} WHERE key IN ({{}})"  # noqa: S608


def image_storage() -> DatabaseStorage:
    """The storage that STORAGES["images"] names."""
    storage = storages["images"]
    if not isinstance(storage, DatabaseStorage):
        raise TypeError('STORAGES["images"] must be core_api.storage.database.DatabaseStorage.')
    return storage


def keep(contents: Mapping[str, bytes]) -> None:
    """Make sure that there is a blob for each content, given by its SHA-256 (64 hex digits).

    Runs in the transaction of the caller, who then lets rows refer to the blobs. A content that
    is already there costs one row of a look-up.
    """
    drafts = {f"{sha256}/{uuid.uuid4().hex}.{RAW}": sha256 for sha256 in contents}
    rows = [(sha256, len(contents[sha256]), RAW, key) for key, sha256 in drafts.items()]
    with connection.cursor() as cursor:
        cursor.executemany(_CLAIM, rows)
        cursor.execute(_CLAIMED.format(", ".join(["%s"] * len(drafts))), list(drafts))
        claimed = [key for (key,) in cursor.fetchall()]
    image_storage().write((key, contents[drafts[key]]) for key in claimed)


def read(blob: Blob) -> bytes:
    """The original bytes of a blob."""
    return image_storage().read(blob.key)


def forget(sha256s: Collection[str]) -> None:
    """Delete those of the blobs that no row refers to, and doom their objects.

    Runs in the transaction of the caller. Whoever refers to a blob does so by a foreign key with
    PROTECT, which is what is asked here.
    """
    due = timezone.now() + dt.timedelta(seconds=settings.COAPTURE_DELETE_GRACE)
    for blob in Blob.objects.select_for_update().filter(pk__in=sha256s):
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
        spared = set(Blob.objects.filter(key__in=keys).values_list("key", flat=True))
        for key in keys:
            if key not in spared:
                image_storage().delete(key)
        DoomedObject.objects.filter(pk__in=keys).delete()
    return len(keys) - len(spared)
