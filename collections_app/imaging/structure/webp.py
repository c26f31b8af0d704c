"""WebP (RFC 9649): RIFF chunks, the headers of still pictures and animation frames."""

from collections.abc import Iterator
from struct import Struct
from typing import Any

from collections_app.imaging.structure.source import Source

FIRST_CHUNK = 12
MAX_CHUNKS = 100_000
MAX_RIFF = 2**32 - 10
ANIMATED = 0x02
LOSSLESS_SIGNATURE = 0x2F
START_CODE = b"\x9d\x01\x2a"
PICTURES = frozenset([b"VP8 ", b"VP8L"])

RIFF_SIZE = Struct("<I")
CHUNK = Struct("<4sI")
LOSSY = Struct("<3s3sHH")
LOSSLESS = Struct("<BI")
CANVAS = Struct("<B3s3s3s")
FRAME = Struct("<3s3s3s3s4s")

Chunk = tuple[bytes, int, int]
"""The type of a chunk, the byte where its data begins and the byte after its data."""


def walk(source: Source) -> tuple[int, int]:
    """The width and height in pixels; raises ImageError (RFC 9649 section 2)."""
    end = _riff_end(source)
    chunks = _chunks(source, FIRST_CHUNK, end)
    kind, at, after = first = next(chunks)
    if kind in PICTURES:
        return _picture(source, first)
    if kind != b"VP8X":
        raise source.broken("the first chunk is neither VP8, VP8L nor VP8X", FIRST_CHUNK)
    flags, _, width, height = _fields(source, CANVAS, at, after)
    canvas = _size24(width), _size24(height)
    source.check_size(*canvas, at)
    _walk_extended(source, chunks, canvas, animated=bool(flags & ANIMATED))
    return canvas


def _riff_end(source: Source) -> int:
    """The byte after the RIFF container, which must lie in the file."""
    source.require(FIRST_CHUNK, "inside its RIFF header")
    (size,) = RIFF_SIZE.unpack_from(source.view, 4)
    if not FIRST_CHUNK <= size <= MAX_RIFF:
        raise source.broken(f"a RIFF size of {size} bytes", 4)
    end = 8 + int(size)
    source.require(end, f"before byte {end}, where its RIFF header says it ends")
    return end


def _chunks(source: Source, at: int, end: int) -> Iterator[Chunk]:
    """The chunks from byte `at` to byte `end`, each inside these bounds."""
    for _ in range(MAX_CHUNKS):
        if at >= end:
            return
        data = at + CHUNK.size
        if data > end:
            raise source.broken("no room for a chunk header", at)
        kind, size = CHUNK.unpack_from(source.view, at)
        if data + size > end:
            raise source.broken("a chunk goes past the end of what holds it", at)
        yield kind, data, data + size
        at = data + size + size % 2
    raise source.broken(f"more than {MAX_CHUNKS} chunks", at)


def _walk_extended(
    source: Source, chunks: Iterator[Chunk], canvas: tuple[int, int], *, animated: bool
) -> None:
    """Check the chunks after VP8X (section 2.7)."""
    pictures = 0
    for chunk in chunks:
        kind, at, _ = chunk
        if animated and kind == b"ANMF":
            _check_frame(source, chunk, canvas)
            pictures += 1
        elif not animated and kind in PICTURES:
            if _picture(source, chunk) != canvas:
                raise source.broken("the picture and the canvas differ in size", at)
            pictures += 1
    if not pictures:
        raise source.broken("no picture up to its end", len(source.view))


def _check_frame(source: Source, chunk: Chunk, canvas: tuple[int, int]) -> None:
    """Check an animation frame: inside the canvas, and holding one picture of its size."""
    _, at, end = chunk
    x, y, wide, high, _ = _fields(source, FRAME, at, end)
    width, height = _size24(wide), _size24(high)
    if 2 * _int24(x) + width > canvas[0] or 2 * _int24(y) + height > canvas[1]:
        raise source.broken("an animation frame outside the canvas", at)
    parts = _chunks(source, at + FRAME.size, end)
    part = next(parts, None)
    if part is not None and part[0] == b"ALPH":
        part = next(parts, None)
    if part is None or part[0] not in PICTURES:
        raise source.broken("an animation frame without a picture", at)
    if _picture(source, part) != (width, height):
        raise source.broken("an animation frame and its picture differ in size", at)


def _picture(source: Source, chunk: Chunk) -> tuple[int, int]:
    kind, at, end = chunk
    width, height = (_lossy if kind == b"VP8 " else _lossless)(source, at, end)
    source.check_size(width, height, at)
    return width, height


def _lossy(source: Source, at: int, end: int) -> tuple[int, int]:
    """The size in a VP8 key frame header (RFC 6386 section 9.1)."""
    tag, code, width, height = _fields(source, LOSSY, at, end)
    if tag[0] & 1 or code != START_CODE:
        raise source.broken("a VP8 chunk without a key frame", at)
    if _int24(tag) >> 5 > end - at - LOSSY.size:
        raise source.broken("the first VP8 partition goes past its chunk", at)
    return width & 0x3FFF, height & 0x3FFF


def _lossless(source: Source, at: int, end: int) -> tuple[int, int]:
    """The size in a VP8L header (RFC 9649 section 3.4)."""
    signature, bits = _fields(source, LOSSLESS, at, end)
    if signature != LOSSLESS_SIGNATURE or bits >> 29:
        raise source.broken("a VP8L chunk of an unknown version", at)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _fields(source: Source, layout: Struct, at: int, end: int) -> tuple[Any, ...]:
    if at + layout.size > end:
        raise source.broken("a chunk that is too short for its header", at)
    return layout.unpack_from(source.view, at)


def _int24(value: bytes) -> int:
    return int.from_bytes(value, "little")


def _size24(value: bytes) -> int:
    return _int24(value) + 1
