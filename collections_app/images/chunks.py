"""Storing many images: one commit for a chunk of them, and an outcome for each."""

from collections.abc import Iterable, Iterator

from django.conf import settings

from collections_app.images import ingest
from collections_app.images.ingest import NewImage, Outcome
from core_api.errors import ApiError

# So much of images is in memory at once; a single one may be larger.
MAX_BYTES = 8 * 2**20

Item = NewImage | Exception


def stored(items: Iterable[Item]) -> Iterator[Outcome]:
    """Store the images as they come; the outcome of each, in their order.

    An error among them is its own outcome. Each chunk is committed when its outcomes come.
    """
    for chunk in _chunks(items):
        images = [item for item in chunk if isinstance(item, NewImage)]
        outcomes = iter(_store(images))
        yield from (next(outcomes) if isinstance(item, NewImage) else item for item in chunk)


def _store(images: list[NewImage]) -> list[Outcome]:
    if not images:
        return []
    try:
        return ingest.store_all(images)
    except ApiError as error:
        return [error] * len(images)


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    size = 0
    for item in items:
        length = len(item.data) if isinstance(item, NewImage) else 0
        if chunk and (size + length > MAX_BYTES or len(chunk) == settings.COAPTURE_INGEST_BATCH):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += length
    if chunk:
        yield chunk
