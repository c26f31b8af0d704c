"""Changing one image that is there: replace, describe, delete."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from collections_app.images.ingest import NewImage
from collections_app.images.models import Image
from collections_app.images.paths import change_path
from core_api import changes
from core_api.errors import NotFound
from core_api.postgresql.races import again_where_lost
from core_api.storage import objects
from core_api.storage import services as storage
from core_api.storage.models import Blob
from core_api.wire import payload
from core_api.wire.mergepatch import merge

Check = Callable[[Image | None], None]


def _anything(_: Image | None) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a replacement left: the image, and whether it is new."""

    image: Image
    created: bool


def replace(new: NewImage, check: Check = _anything) -> Replaced:
    """Store the image at its place, whatever stood there.

    `check` sees what stands there (None: nothing) inside the transaction and raises to refuse.
    Title, location and meta of an image that is replaced stay as they are.
    """
    blob = storage.draft(new.sha256, len(new.data))
    with objects.placed([(blob, new.data)]) as (error,):
        if error is not None:
            raise error
        return again_where_lost(partial(_replace, new, blob, check))


def _replace(new: NewImage, draft: Blob, check: Check) -> Replaced:
    with transaction.atomic():
        image = _locked(new.device_id, new.timestamp)
        check(image)
        created = image is None
        replaced = None if image is None else image.blob_id
        blob = storage.keep([(draft, new.data)])[new.sha256]
        if image is None:
            image = new.row()
        else:
            image.media_type, image.width, image.height = new.media_type, new.width, new.height
            image.stored = timezone.now()
        image.blob = blob
        image.save()
        if replaced is not None and replaced != blob.pk:
            storage.forget([replaced])
        changes.publish(change_path(image))
    return Replaced(image, created)


def describe(
    device_id: str, timestamp: dt.datetime, edits: Mapping[str, Any], check: Check = _anything
) -> Image:
    """Change what is said of an image: title, location and meta, of which None removes one.

    `meta` is merged (RFC 7396). NotFound where there is no such image, WireError where the merged
    meta is too large.
    """
    with transaction.atomic():
        image = _present(device_id, timestamp)
        check(image)
        if "title" in edits:
            image.title = edits["title"] or ""
        if "location" in edits:
            image.latitude, image.longitude = edits["location"] or (None, None)
        if "meta" in edits:
            image.meta = payload.meta(merge(image.meta, edits["meta"]) or {})
        image.save(update_fields=["title", "latitude", "longitude", "meta"])
        changes.publish(change_path(image))
    return image


def delete(device_id: str, timestamp: dt.datetime, check: Check = _anything) -> None:
    """Delete an image, and its bytes where no other image has them; NotFound where none is."""
    with transaction.atomic():
        image = _present(device_id, timestamp)
        check(image)
        path = change_path(image)
        image.delete()
        storage.forget([image.blob_id])
        changes.publish(path)


def _locked(device_id: str, timestamp: dt.datetime) -> Image | None:
    images = Image.objects.select_for_update(of=("self",)).select_related("blob")
    return images.filter(device_id=device_id, timestamp=timestamp).first()


def _present(device_id: str, timestamp: dt.datetime) -> Image:
    image = _locked(device_id, timestamp)
    if image is None:
        raise NotFound("There is no such image.")
    return image
