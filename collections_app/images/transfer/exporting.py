"""From the collection into a folder or a tar archive."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from collections_app.images import queries
from collections_app.images.forms import archive
from collections_app.images.models import Image
from collections_app.images.queries import Cursor, Filters

PAGE = 200


def everything(filters: Filters) -> Iterator[Image]:
    """The images that fit the filters, newest first, a page at a time in memory."""
    after: Cursor | None = None
    while page := queries.page(filters, PAGE, after):
        yield from page
        after = Cursor(page[-1].timestamp, page[-1].pk)


def to_folder(images: Iterator[Image], folder: Path) -> Iterator[tuple[Image, bool]]:
    """Write each image and its metadata below a folder; False for one that was there already.

    The metadata come last, so that an export that was broken off can be made again.
    """
    for image in images:
        picture, description = archive.members(image)
        place = folder / description.name
        if place.is_file() and place.read_bytes() == description.data:
            yield image, False
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(folder / picture.name, picture.data)
        _write(place, description.data)
        yield image, True


def to_tar(images: Iterator[Image], file: BinaryIO) -> Iterator[tuple[Image, bool]]:
    """Write a tar archive."""

    def told() -> Iterator[Image]:
        for image in images:
            seen.append(image)
            yield image

    seen: list[Image] = []
    for piece in archive.pieces(told()):
        file.write(piece)
        yield from ((image, True) for image in seen)
        seen.clear()


def _write(place: Path, data: bytes) -> None:
    """Write a file that appears whole."""
    draft = place.with_name(f".{place.name}.part")
    draft.write_bytes(data)
    draft.replace(place)
