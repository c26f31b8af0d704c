"""Which blobs wait to be compressed, and what is known of their images."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from collections_app.images.models import Image
from core_api.storage.models import Blob

# The first and the last id, both included.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A blob to compress; its media type and size in pixels are those of any of its images."""

    blob: Blob
    media_type: str
    pixels: int


def is_any() -> bool:
    """Whether a blob waits; costs one look into an index."""
    return _blobs().exists()


def count() -> int:
    """How many blobs wait."""
    return _blobs().count()


def spans(number: int, length: int, after: int) -> list[Span]:
    """At most `number` spans of at most `length` waiting blobs whose ids are beyond `after`."""
    beyond = _blobs().filter(pk__gt=after).order_by("pk")
    ids = list(beyond.values_list("pk", flat=True)[: number * length])
    parts = [ids[start : start + length] for start in range(0, len(ids), length)]
    return [(part[0], part[-1]) for part in parts]


def ids_in(span: Span | None, limit: int) -> list[int]:
    """The ids of at most `limit` waiting blobs of the span, or of all, in their order."""
    blobs = _blobs() if span is None else _blobs().filter(pk__range=span)
    return list(blobs.order_by("pk").values_list("pk", flat=True)[:limit])


def read(ids: Iterable[int]) -> list[Waiting]:
    """Those of the blobs that still wait, with what any of their images says of them."""
    images = Image.objects.filter(blob_id__in=list(ids), blob__outcome__isnull=True)
    one_of_each = {image.blob_id: image for image in images.select_related("blob")}
    return [
        Waiting(image.blob, image.media_type, image.width * image.height)
        for _, image in sorted(one_of_each.items())
    ]


def _blobs() -> QuerySet[Blob]:
    return Blob.objects.filter(outcome__isnull=True)
