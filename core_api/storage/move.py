"""Moving the objects of blobs to another place while the server runs; what is read is in either.

Each object is copied, read back and compared, before its blob refers to the copy. A blob that has
got another object meanwhile keeps that one, and is seen again by the next run.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from core_api.postgresql.races import again_where_lost
from core_api.storage.deletion import doom
from core_api.storage.models import Blob
from core_api.storage.places import DATABASE, image_storage, lies_in

BATCH = 64
BATCH_BYTES = 32 * 2**20


@dataclass(slots=True)
class Moved:
    """How far a run is: objects and bytes that moved, and what went wrong with others, by key."""

    objects: int = 0
    size: int = 0
    failures: dict[str, str] = field(default_factory=dict)


def move(place: str, report: Callable[[Moved], None] = lambda _: None) -> Moved:
    """Move every object that does not lie in the place; `report` hears of each batch.

    One that is missing, or is not what its blob says, stays and is named in `failures`. May be run
    again at any time, and by several at once. Raises ServiceUnavailable or InsufficientStorage
    where the place takes nothing.
    """
    moved = Moved()
    image_storage().at(place).check()
    for blobs in _batches(place):
        _move_batch(place, blobs, moved)
        report(moved)
    return moved


def remaining(place: str) -> int:
    """How many objects do not lie in the place."""
    return Blob.objects.exclude(lies_in(place)).count()


def summary() -> dict[str, tuple[int, int]]:
    """The number of objects in each place, and their bytes."""
    counts = {}
    for place in image_storage().places:
        here = Blob.objects.filter(lies_in(place))
        facts = here.aggregate(count=Count("pk"), size=Sum("stored_size", default=0))
        counts[place] = (facts["count"], facts["size"])
    return counts


def _batches(place: str) -> Iterator[list[Blob]]:
    """Blobs with objects elsewhere, in the order of their numbers, few enough to be in memory."""
    elsewhere = Blob.objects.exclude(lies_in(place)).order_by("pk")
    last = 0
    while batch := _fitting(elsewhere.filter(pk__gt=last)):
        yield batch
        last = batch[-1].pk


def _fitting(blobs: QuerySet[Blob]) -> list[Blob]:
    """The first ones; at least one where there is any."""
    batch: list[Blob] = []
    room = BATCH_BYTES
    for blob in blobs[:BATCH]:
        room -= blob.stored_size
        if batch and room < 0:
            break
        batch.append(blob)
    return batch


def _move_batch(place: str, blobs: Sequence[Blob], moved: Moved) -> None:
    storage = image_storage()
    copies: list[tuple[Blob, str, bytes]] = []
    for blob, data in zip(blobs, storage.read_each([blob.key for blob in blobs]), strict=True):
        if isinstance(data, bytes) and _is_whole(blob, data):
            copies.append((blob, storage.new_key(blob.sha256, blob.encoding, place), data))
        elif Blob.objects.filter(pk=blob.pk, key=blob.key).exists():
            moved.failures[blob.key] = "is missing" if isinstance(data, Exception) else "is damaged"
    if place == DATABASE:
        done = again_where_lost(partial(_switch, copies, copies))
    else:
        done = _copy_and_switch(copies)
    moved.objects += len(done)
    moved.size += sum(blob.stored_size for blob in done)


def _copy_and_switch(copies: Sequence[tuple[Blob, str, bytes]]) -> list[Blob]:
    storage = image_storage()
    storage.write((key, data) for _, key, data in copies)
    back = storage.read_each([key for _, key, _ in copies])
    for (_, key, data), copy in zip(copies, back, strict=True):
        if isinstance(copy, Exception):
            raise copy
        if copy != data:
            raise OSError(f"The copy {key} is not what was written.")
    return again_where_lost(partial(_switch, copies, ()))


def _switch(
    copies: Sequence[tuple[Blob, str, bytes]], unwritten: Sequence[tuple[Blob, str, bytes]]
) -> list[Blob]:
    """Let the blobs refer to their copies where they still have what was copied; gives these.

    What nobody refers to any more, or never did, is doomed.
    """
    done = []
    with transaction.atomic():
        image_storage().write((key, data) for _, key, data in unwritten)
        for blob, key, _ in copies:
            same = Blob.objects.filter(pk=blob.pk, key=blob.key)
            if same.update(key=key):
                done.append(blob)
        switched = {blob.pk for blob in done}
        doom(blob.key if blob.pk in switched else key for blob, key, _ in copies)
    return done


def _is_whole(blob: Blob, data: bytes) -> bool:
    """Whether the bytes are what the blob says of its object."""
    digest = blob.stored_sha256 or blob.sha256
    return hashlib.sha256(data).hexdigest() == digest
