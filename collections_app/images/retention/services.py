"""Removing the images that the rules of retention let go."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from collections_app.images.models import Image
from collections_app.images.paths import change_path
from collections_app.images.retention import rules
from collections_app.images.retention.rules import Rules
from core_api import changes
from core_api.storage import services as storage

# So many go in one transaction, for which the devices wait.
BATCH = 100


@dataclass(frozen=True, slots=True)
class Gone:
    """How much of a device goes, and by which rule; `bytes` as they were received."""

    device_id: str
    rule: str
    images: int
    bytes: int


def enforce(what: Rules | None = None) -> list[Gone]:
    """Remove what is beyond the rules, those of the settings unless others are given."""
    return _counted(_removed(what or rules.configured()))


def preview(what: Rules | None = None) -> list[Gone]:
    """What `enforce` would remove now."""
    return _counted(_listed(what or rules.configured()))


Found = Iterator[tuple[str, Sequence[Image]]]


def _listed(what: Rules) -> Found:
    seen: set[int] = set()
    for rule, images in rules.beyond(what):
        for image in images.select_related("blob").iterator(BATCH):
            if image.pk not in seen:
                seen.add(image.pk)
                yield rule, [image]


def _removed(what: Rules) -> Found:
    for rule, images in rules.beyond(what):
        while batch := _remove_some(images):
            yield rule, batch


def _remove_some(images: QuerySet[Image]) -> list[Image]:
    with transaction.atomic():
        found = dict(images.values_list("pk", "stored")[:BATCH])
        locked = Image.objects.select_for_update(of=("self",)).select_related("blob")
        # One that was replaced meanwhile is another image.
        batch = [
            image
            for image in locked.filter(pk__in=found).order_by("pk")
            if image.stored == found[image.pk]
        ]
        paths = [change_path(image) for image in batch]
        Image.objects.filter(pk__in=[image.pk for image in batch]).delete()
        storage.forget({image.blob_id for image in batch})
        if paths:
            changes.publish(*paths)
    return batch


def _counted(found: Found) -> list[Gone]:
    images: Counter[tuple[str, str]] = Counter()
    size: Counter[tuple[str, str]] = Counter()
    for rule, batch in found:
        for image in batch:
            images[image.device_id, rule] += 1
            size[image.device_id, rule] += image.blob.size
    return [Gone(*key, images[key], size[key]) for key in sorted(images)]
