"""Looking through everything that is stored: blobs, the rows that have them, and objects."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, ForeignObjectRel, OuterRef, QuerySet
from django.utils import timezone

from core_api.storage import repairs
from core_api.storage.backends import digest_of, made
from core_api.storage.deletion import doom
from core_api.storage.faults import WRONG_SIZE, fault_of
from core_api.storage.models import Blob, DoomedObject
from core_api.storage.places import split
from core_api.storage.services import forget

BATCH = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a blob, known by its SHA-256, or with an object, known by its key."""

    subject: str
    what: str
    repaired: bool = False


def check(*, repair: bool) -> Iterator[Fault]:
    """Every fault; with `repair` put right where that is possible.

    It reads everything, decodes what is encoded, and may run beside the server. What a place raises
    that cannot list its objects is raised.
    """
    broken: list[tuple[Blob, str]] = []
    for blob in _each(Blob.objects.all()):
        what = fault_of(blob)
        if what == WRONG_SIZE:
            yield Fault(blob.sha256, what, repair and repairs.measure(blob))
        elif what is not None:
            broken.append((blob, what))
    # All objects are listed once, and only where it is of use.
    copies = repairs.copies_of({blob.sha256 for blob, _ in broken}) if broken and repair else {}
    for blob, what in broken:
        yield Fault(blob.sha256, what, repairs.from_copy(blob, copies.get(blob.sha256, ())))
    yield from _unused(repair=repair)
    yield from _orphans(repair=repair)


def _each(blobs: QuerySet[Blob]) -> Iterator[Blob]:
    """The blobs in parts, so that no transaction is open meanwhile."""
    after = 0
    while part := list(blobs.filter(pk__gt=after).order_by("pk")[:BATCH]):
        yield from part
        after = part[-1].pk


def _unused(*, repair: bool) -> Iterator[Fault]:
    """Blobs that no row refers to."""
    blobs = Blob.objects.all()
    for relation in Blob._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel):
            rows = relation.related_model._default_manager
            blobs = blobs.exclude(Exists(rows.filter(**{relation.field.name: OuterRef("pk")})))
    for blob in _each(blobs):
        if repair:
            with transaction.atomic():
                forget([blob.pk])
        yield Fault(blob.sha256, "no image has it", repair)


def _orphans(*, repair: bool) -> Iterator[Fault]:
    """Objects that neither a blob has nor the queue of deletions; young ones may get their row."""
    before = timezone.now() - dt.timedelta(seconds=settings.COAPTURE_ORPHAN_AGE)
    old = (key for key in repairs.all_keys() if _is_older(key, before))
    # SQLite writes nothing for one who reads, once others have written: first all is read.
    orphans = [key for keys in _parts(old) for key in _unknown(keys)]
    for keys in _parts(orphans):
        if repair:
            doom(keys)
        yield from (Fault(key, "no blob has this object", repair) for key in keys)


def _unknown(keys: list[str]) -> list[str]:
    """Those of the keys that no row has."""
    blobs = Blob.objects.filter(sha256__in={digest_of(key) for key in keys})
    known = set(blobs.values_list("key", flat=True))
    known.update(DoomedObject.objects.filter(pk__in=keys).values_list("key", flat=True))
    return [key for key in keys if key not in known]


def _is_older(key: str, before: dt.datetime) -> bool:
    moment = made(split(key)[1])
    return moment is not None and moment < before


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while part := list(islice(rest, BATCH)):
        yield part
