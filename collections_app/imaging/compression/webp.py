"""Lossless WebP (RFC 9649): its samples; every other chunk is kept as it is.

The rest is the file with an empty VP8L chunk. Lossy pictures and animations are unsuitable.
"""

import io
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from collections_app.imaging.compression.errors import Unsuitable
from collections_app.imaging.compression.parts import Parts, Samples

RIFF = struct.Struct("<4sI4s")
CHUNK = struct.Struct("<4sI")
PICTURE = b"VP8L"


def split(data: bytes) -> Parts:
    """The samples, with alpha where the picture has it; raises Unsuitable."""
    chunks = list(_chunks(data))
    pictures = [body for kind, body in chunks if kind == PICTURE]
    if len(pictures) != 1 or any(kind in (b"VP8 ", b"ANMF") for kind, _ in chunks):
        raise Unsuitable("only a still lossless WebP is taken apart")
    with Image.open(io.BytesIO(_file([(PICTURE, pictures[0])])), formats=["WEBP"]) as image:
        samples = np.asarray(image)
    rest = _file([(kind, b"" if kind == PICTURE else body) for kind, body in chunks])
    return Parts(samples, rest + data[_end(data) :], photographic=True)


def join(samples: Samples, rest: bytes) -> bytes:
    """The WebP file."""
    chunks = [
        (kind, _picture(samples) if kind == PICTURE else body) for kind, body in _chunks(rest)
    ]
    return _file(chunks) + rest[_end(rest) :]


def _picture(samples: Samples) -> bytes:
    """The data of a VP8L chunk."""
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, "WEBP", lossless=True, quality=75, method=4, exact=True)
    return next(body for kind, body in _chunks(buffer.getvalue()) if kind == PICTURE)


def _end(data: bytes) -> int:
    return 8 + int(RIFF.unpack_from(data)[1])


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = RIFF.size, _end(data)
    while at < end:
        kind, size = CHUNK.unpack_from(data, at)
        at += CHUNK.size
        yield kind, data[at : at + size]
        at += size + size % 2


def _file(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        CHUNK.pack(kind, len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks
    )
    return RIFF.pack(b"RIFF", 4 + len(body), b"WEBP") + body
