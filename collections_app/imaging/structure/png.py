"""PNG and APNG (W3C PNG third edition, sections 5 and 11): chunks and their CRCs up to IEND.

Nothing is inflated. Bytes after IEND are not looked at.
"""

import zlib
from struct import Struct

from collections_app.imaging.structure.source import Source

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ANCILLARY = 0x20
MAX_CHUNKS = 100_000
MAX_LENGTH = 2**31 - 1
MAX_PALETTE = 256 * 3
PALETTE_COLOUR = 3
BIT_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}

HEADER = Struct(">IIBBBBB")
CHUNK = Struct(">I4s")
CRC = Struct(">I")


def walk(source: Source) -> tuple[int, int]:
    """The width and height in pixels; raises ImageError."""
    _check_signature(source)
    kind, at, end = _chunk(source, len(SIGNATURE))
    if kind != b"IHDR":
        raise source.broken(f"the first chunk is {_name(kind)}, not IHDR", len(SIGNATURE))
    width, height, colour = _header(source, at, end)
    _walk_chunks(source, end, colour)
    return width, height


def _check_signature(source: Source) -> None:
    head = bytes(source.view[: len(SIGNATURE)])
    if not SIGNATURE.startswith(head):
        raise source.broken("its signature was changed, as by a transfer in text mode", 0)
    source.require(len(SIGNATURE), "inside its signature")


def _header(source: Source, at: int, end: int) -> tuple[int, int, int]:
    """The width, height and colour type in IHDR (section 11.2.1)."""
    if end - at != HEADER.size + CRC.size:
        raise source.broken("an IHDR chunk of the wrong length", at)
    width, height, depth, colour, *methods, interlace = HEADER.unpack_from(source.view, at)
    if depth not in BIT_DEPTHS.get(colour, ()):
        raise source.broken(f"colour type {colour} with bit depth {depth}", at)
    if methods != [0, 0] or interlace > 1:
        raise source.broken("an unknown compression, filter or interlace method", at)
    if max(width, height) > MAX_LENGTH:
        raise source.broken(f"its size is {width} x {height} pixels", at)
    source.check_size(width, height, at)
    return width, height, colour


def _walk_chunks(source: Source, end: int, colour: int) -> None:
    """Walk from the byte after IHDR to IEND, checking the order of chunks (section 5.6)."""
    seen: set[bytes] = set()
    previous = b"IHDR"
    for _ in range(MAX_CHUNKS):
        start = end
        kind, at, end = _chunk(source, start)
        if kind == b"IEND":
            if b"IDAT" not in seen:
                raise source.broken("IEND comes before any IDAT chunk", start)
            return
        if kind == b"IDAT":
            _check_data(source, seen, previous, colour, start)
        elif kind == b"PLTE":
            _check_palette(source, seen, end - CRC.size - at, start)
        elif not kind[0] & ANCILLARY:
            raise source.broken(f"the chunk {_name(kind)} does not belong here", start)
        previous = kind
    raise source.broken(f"more than {MAX_CHUNKS} chunks", end)


def _check_data(source: Source, seen: set[bytes], previous: bytes, colour: int, at: int) -> None:
    """Check that an IDAT chunk may stand here, and remember it in `seen`."""
    if b"IDAT" in seen and previous != b"IDAT":
        raise source.broken("an IDAT chunk apart from the others", at)
    if colour == PALETTE_COLOUR and b"PLTE" not in seen:
        raise source.broken("an IDAT chunk before the palette", at)
    seen.add(b"IDAT")


def _check_palette(source: Source, seen: set[bytes], length: int, at: int) -> None:
    """Check that a PLTE chunk of `length` bytes may stand here, and remember it in `seen`."""
    if seen:
        raise source.broken("a second or late PLTE chunk", at)
    if length % 3 or not 0 < length <= MAX_PALETTE:
        raise source.broken(f"a PLTE chunk of {length} bytes", at)
    seen.add(b"PLTE")


def _chunk(source: Source, at: int) -> tuple[bytes, int, int]:
    """The type of the chunk at byte `at`, where its data begins, and the byte after its CRC."""
    length, kind = source.read(CHUNK, at, "before its IEND chunk")
    if not kind.isalpha() or length > MAX_LENGTH:
        raise source.broken("no chunk where one should begin", at)
    data = at + CHUNK.size
    end = data + length + CRC.size
    source.require(end, f"inside the {_name(kind)} chunk that begins at byte {at}")
    (crc,) = CRC.unpack_from(source.view, end - CRC.size)
    if zlib.crc32(source.view[at + 4 : end - CRC.size]) != crc:
        raise source.broken(f"the CRC of the {_name(kind)} chunk is wrong", at)
    return kind, data, end


def _name(kind: bytes) -> str:
    return kind.decode("ascii")
