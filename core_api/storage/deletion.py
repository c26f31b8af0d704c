"""Deleting objects: those that are doomed, once their grace time is over, and orphans by their age.

An object is deleted before its row in the queue is: whoever dies in between leaves a row whose
object is gone, which is no error the next time.
"""

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core_api.errors import ApiError
from core_api.storage.backends import ExternalStorage, digest_of, made
from core_api.storage.models import Blob, DoomedObject
from core_api.storage.places import DATABASE, image_storage, key_at, lies_in

BATCH = 100
LISTED = 500
log = logging.getLogger("coapture.storage")


def doom(keys: Iterable[str]) -> None:
    """Queue objects for deletion after COAPTURE_DELETE_GRACE, in the caller's transaction."""
    due = timezone.now() + dt.timedelta(seconds=settings.COAPTURE_DELETE_GRACE)
    DoomedObject.objects.bulk_create(DoomedObject(key=key, due=due) for key in keys)


def sweep() -> int:
    """Delete the doomed objects whose grace time is over; gives their number.

    An object that a blob refers to again is spared (it can only be by a repair).
    """
    return _in_each_place(_sweep_place)


def _sweep_place(place: str) -> int:
    """In parts, so that other writers get their turns."""
    deleted = 0
    while keys := list(_due(place).values_list("key", flat=True)[:BATCH]):
        doomed = set(keys) - _referred(keys)
        if place != DATABASE:
            image_storage().delete_all(doomed)
        with transaction.atomic():
            if place == DATABASE:
                image_storage().delete_all(doomed)
            DoomedObject.objects.filter(pk__in=keys).delete()
        deleted += len(doomed)
    return deleted


def _due(place: str) -> QuerySet[DoomedObject]:
    due = DoomedObject.objects.filter(lies_in(place), due__lte=timezone.now())
    return due.order_by("due")


def sweep_orphans() -> int:
    """Delete objects older than COAPTURE_ORPHAN_AGE that nobody refers to; gives their number.

    Such is what a transaction leaves that ended after its objects were written; in the database
    there are none. What has no name of ours is left alone.
    """
    before = timezone.now() - dt.timedelta(seconds=settings.COAPTURE_ORPHAN_AGE)
    return _in_each_place(partial(_sweep_orphans, before))


def _sweep_orphans(before: dt.datetime, place: str) -> int:
    storage = image_storage().at(place)
    if not isinstance(storage, ExternalStorage):
        return 0
    deleted = 0
    for names in _batches(filter(partial(_is_older, before), storage.keys())):
        keys = {key_at(place, name): name for name in names}
        doomed = DoomedObject.objects.filter(pk__in=keys).values_list("key", flat=True)
        orphans = keys.keys() - _referred(keys) - set(doomed)
        storage.delete_all(keys[key] for key in orphans)
        deleted += len(orphans)
    storage.tidy(before)
    return deleted


def _in_each_place(work: Callable[[str], int]) -> int:
    """The sum; a place that does not answer holds no other up, its error is raised at the end."""
    total, failure = 0, None
    for place in image_storage().places:
        try:
            total += work(place)
        except (ApiError, OSError) as error:
            log.warning("objects to delete wait in the storage %r: %s", place, error)
            failure = error
    if failure is not None:
        raise failure
    return total


def _referred(keys: Collection[str]) -> set[str]:
    """Those of the keys that a blob has; looked up by their digests, which have an index."""
    blobs = Blob.objects.filter(sha256__in={digest_of(key) for key in keys})
    return set(blobs.values_list("key", flat=True)).intersection(keys)


def _is_older(before: dt.datetime, name: str) -> bool:
    moment = made(name)
    return moment is not None and moment < before


def _batches(names: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(names, LISTED)):
        yield batch
