"""The rules of retention, and the images that each lets go."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from collections_app.images.models import Image

# Days beyond this are for ever, as 0 is.
_MAX_DAYS = 100_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What is kept: `days` since an image was stored, and of each device its newest images.

    `count` of these, and as many as have `bytes` in all, as they were received; the newest one
    stays however large it is. 0 is no limit.
    """

    days: float = 0
    count: int = 0
    bytes: int = 0


def configured() -> Rules:
    """The rules of the settings."""
    return Rules(
        settings.COAPTURE_KEEP_DAYS, settings.COAPTURE_KEEP_COUNT, settings.COAPTURE_KEEP_BYTES
    )


def beyond(rules: Rules) -> Iterator[tuple[str, QuerySet[Image]]]:
    """The images that are to go, by the rule that they are beyond: "age", "count" or "bytes"."""
    if 0 < rules.days <= _MAX_DAYS:
        # By the time of storing: a device's clock may be wrong by decades.
        before = timezone.now() - dt.timedelta(days=rules.days)
        yield "age", Image.objects.filter(stored__lt=before)
    if rules.count:
        for device in _devices(Count("pk"), rules.count):
            yield "count", _ranked(device, rank__gt=rules.count)
    if rules.bytes:
        for device in _devices(Sum("blob__size"), rules.bytes):
            yield "bytes", _ranked(device, rank__gt=1, total__gt=rules.bytes)


def _devices(measure: Count | Sum, limit: int) -> list[str]:
    """The devices of which more is stored than the limit."""
    devices = Image.objects.values("device_id").annotate(measure=measure)
    over = devices.filter(measure__gt=limit).order_by("device_id")
    return list(over.values_list("device_id", flat=True))


def _ranked(device_id: str, **beyond: int) -> QuerySet[Image]:
    """A device's images by their rank from the newest, 1, and the total of bytes up to there."""
    newest_first = F("timestamp").desc()
    ranked = Image.objects.filter(device_id=device_id).annotate(
        rank=Window(RowNumber(), order_by=newest_first),
        total=Window(Sum("blob__size"), order_by=newest_first),
    )
    return ranked.filter(**beyond)
