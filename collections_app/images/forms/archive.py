"""A list as a tar archive: each image, and its metadata beside it."""

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collections_app.images.models import Image
from collections_app.images.paths import archive_name
from collections_app.images.representations import metadata
from core_api.rest.conditional import etag_of
from core_api.storage import services as storage
from core_api.wire import jsontext
from core_api.wire.media import extension

BLOCK = 512
END = b"\0" * 2 * BLOCK
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name, with slashes, and its bytes."""

    name: str
    data: bytes


def members(image: Image) -> tuple[Member, Member]:
    """The image as a file, and what is known of it as JSON beside it."""
    stem = archive_name(image)
    return (
        Member(f"{stem}.{extension(image.media_type)}", storage.read(image.blob)),
        Member(f"{stem}.json", jsontext.encode(metadata(image)) + b"\n"),
    )


def pieces(images: Iterable[Image]) -> Iterator[bytes]:
    """The archive piece by piece; one image at a time is in memory."""
    for image in images:
        for member in members(image):
            yield _head(member, image)
            for start in range(0, len(member.data), PIECE):
                yield member.data[start : start + PIECE]
            yield b"\0" * (-len(member.data) % BLOCK)
    yield END


def etag(images: Iterable[Image]) -> str:
    """The entity tag of the archive, told from what is known of the images."""
    return etag_of(
        *(jsontext.encode([metadata(image), image.blob.encoding]) for image in images), b"tar"
    )


def _head(member: Member, image: Image) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size = len(member.data)
    # Before 1970 tar knows no time.
    info.mtime = max(0, int(image.timestamp.timestamp()))
    return info.tobuf(tarfile.PAX_FORMAT)
