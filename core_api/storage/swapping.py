"""Putting other objects in the places of blobs' objects, and noting where that is not to be."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction

from core_api.postgresql.races import again_where_lost
from core_api.storage.deletion import doom
from core_api.storage.models import Blob, Outcome
from core_api.storage.places import image_storage


@dataclass(frozen=True, slots=True)
class Swap:
    """An encoded object for a blob as it was read; `media_type` is the original's."""

    blob: Blob
    encoding: str
    media_type: str
    data: bytes = field(repr=False)


def swap(swaps: Sequence[Swap]) -> int:
    """Store the objects and let the blobs refer to them, in one transaction; gives how many.

    A blob that has another object by now, or is gone, stays so. The object that is not needed any
    more, or never was, is doomed.
    """
    storage = image_storage()
    keyed = [(storage.new_key(one.blob.sha256, one.encoding), one) for one in swaps]
    outside = [pair for pair in keyed if not storage.is_transactional(pair[0])]
    storage.write((key, one.data) for key, one in outside)
    inside = [(key, one.data) for key, one in keyed if storage.is_transactional(key)]
    return again_where_lost(partial(_swap, keyed, inside))


def _swap(keyed: Sequence[tuple[str, Swap]], objects: Sequence[tuple[str, bytes]]) -> int:
    with transaction.atomic():
        if objects:
            image_storage().write(objects)
        # In one order everywhere: writers of the same blobs never wait in a circle.
        ordered = sorted(keyed, key=lambda pair: pair[1].blob.pk)
        swapped = [_refer(one, key) for key, one in ordered]
        pairs = zip(swapped, ordered, strict=True)
        doom(one.blob.key if done else key for done, (key, one) in pairs)
    return sum(swapped)


def _refer(one: Swap, key: str) -> bool:
    """Let the blob refer to its new object, unless it has another than the one that was read."""
    same = Blob.objects.filter(pk=one.blob.pk, key=one.blob.key)
    return bool(
        same.update(
            key=key,
            encoding=one.encoding,
            stored_size=len(one.data),
            stored_sha256=hashlib.sha256(one.data).hexdigest(),
            media_type=one.media_type,
            outcome=Outcome.ENCODED,
        )
    )


def settle(blob_ids: Collection[int], outcome: Outcome) -> None:
    """Note what became of the attempts at these blobs, which stay as they are."""
    Blob.objects.filter(pk__in=blob_ids, outcome__isnull=True).update(outcome=outcome)


def reconsider(outcomes: Collection[Outcome]) -> int:
    """Let blobs with these outcomes wait for another attempt; gives their number."""
    return Blob.objects.filter(outcome__in=outcomes).update(outcome=None)
