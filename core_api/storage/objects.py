"""The objects of blobs: written before their rows, and read while they move."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from core_api.errors import ApiError
from core_api.storage.models import Blob
from core_api.storage.places import image_storage

# How often an object may have been replaced between reading its key and reading it.
SWAPS = 3
log = logging.getLogger("coapture.storage")


def fetch(blob: Blob) -> bytes:
    """The bytes of the blob's object, as it is encoded.

    Where the object was replaced meanwhile (compression, moving), it is the new one, and the blob
    says what it is. FileNotFoundError where there is none.
    """
    for _ in range(SWAPS):
        try:
            return image_storage().read(blob.key)
        except FileNotFoundError:
            if not _has_changed(blob):
                raise
    return image_storage().read(blob.key)


def _has_changed(blob: Blob) -> bool:
    """Learn what the row says now; whether that is another object, or nothing."""
    key = blob.key
    try:
        blob.refresh_from_db()
    except Blob.DoesNotExist:
        return False
    return blob.key != key


def place(drafts: Sequence[tuple[Blob, bytes]]) -> list[Exception | None]:
    """Write the objects of drafts outside of any transaction, several at once.

    Gives what went wrong with each (ServiceUnavailable, InsufficientStorage, OSError). Those that
    belong into the transaction, and contents that are known, are left to `keep`. Where the rows are
    not written afterwards, `withdraw` them.
    """
    storage = image_storage()
    errors: list[Exception | None] = [None] * len(drafts)
    outside = [
        number for number, (blob, _) in enumerate(drafts) if not storage.is_transactional(blob.key)
    ]
    if not outside:
        return errors
    digests = [drafts[number][0].sha256 for number in outside]
    known = set(Blob.objects.filter(sha256__in=digests).values_list("sha256", flat=True))
    new = [number for number in outside if drafts[number][0].sha256 not in known]
    outcomes = storage.write_each([(drafts[number][0].key, drafts[number][1]) for number in new])
    for number, error in zip(new, outcomes, strict=True):
        errors[number] = error
        drafts[number][0].placed = error is None
    return errors


def withdraw(drafts: Sequence[Blob]) -> None:
    """Delete the objects of drafts that no row has; to be called when their fate is settled.

    One that cannot be deleted now is found by its age (core_api.storage.deletion.sweep_orphans).
    """
    # A draft that has a number was inserted, or is found by its age.
    placed = {blob.key: blob.sha256 for blob in drafts if blob.placed and blob.pk is None}
    if not placed:
        return
    kept = Blob.objects.filter(sha256__in=placed.values()).values_list("key", flat=True)
    try:
        image_storage().delete_all(placed.keys() - set(kept))
    except (ApiError, OSError) as error:
        log.warning("an object that no image has stays for now: %s", error)


@contextmanager
def placed(drafts: Sequence[tuple[Blob, bytes]]) -> Iterator[list[Exception | None]]:
    """Write the drafts' objects, then run the block, which stores the rows; see `place`.

    Gives what went wrong with each object: the block leaves those out.
    """
    errors = place(drafts)
    try:
        yield errors
    except ApiError:
        # Refused. What any other error left in the database is not known.
        withdraw([blob for blob, _ in drafts])
        raise
    withdraw([blob for blob, _ in drafts])
