"""BMP (Windows and OS/2 bitmaps): headers, and the bounds of the pixel data.

Run-length encoded data is bounded by the size that its header gives; its runs are not followed.
"""

from dataclasses import dataclass
from struct import Struct

from collections_app.imaging.structure.source import Source

FILE_HEADER_BYTES = 14
OFFSET_AT = 10
CORE_BYTES = 12
HEADER_SIZES = frozenset([CORE_BYTES, 16, 40, 52, 56, 64, 108, 124])
OS2_BYTES = frozenset([16, 64])
UNCOMPRESSED = frozenset([0, 3, 6])
# The bits a pixel that each compression may have, in Windows and in OS/2 headers.
WINDOWS_BITS = {0: (1, 2, 4, 8, 16, 24, 32), 1: (8,), 2: (4,), 3: (16, 32), 6: (16, 32)}
OS2_BITS = {0: (1, 4, 8, 24), 1: (8,), 2: (4,)}
EMBEDDED = {4: "JPEG", 5: "PNG"}

SIZE = Struct("<I")
CORE = Struct("<HHHH")
INFO = Struct("<iiHH")
STORAGE = Struct("<II")


@dataclass(frozen=True, slots=True)
class Header:
    """The fields that decide where the pixel data ends; a negative height is top-down."""

    width: int
    height: int
    planes: int
    bits: int
    compression: int = 0
    data_bytes: int = 0


def walk(source: Source) -> tuple[int, int]:
    """The width and height in pixels; raises ImageError."""
    where = "inside its header"
    (offset,) = source.read(SIZE, OFFSET_AT, where)
    (header_size,) = source.read(SIZE, FILE_HEADER_BYTES, where)
    if header_size not in HEADER_SIZES:
        raise source.broken(f"a header of {header_size} bytes", FILE_HEADER_BYTES)
    source.require(FILE_HEADER_BYTES + header_size, where)
    header = _header(source, header_size)
    source.check_size(header.width, abs(header.height), FILE_HEADER_BYTES + 4)
    _check_coding(source, header, os2=header_size in OS2_BYTES)
    if offset < FILE_HEADER_BYTES + header_size:
        raise source.broken("its pixel data begins inside its header", OFFSET_AT)
    end = offset + _data_bytes(header)
    source.require(end, f"before byte {end}, where its pixel data ends")
    return header.width, abs(header.height)


def _header(source: Source, size: int) -> Header:
    fields = FILE_HEADER_BYTES + SIZE.size
    if size == CORE_BYTES:
        return Header(*CORE.unpack_from(source.view, fields))
    basic = INFO.unpack_from(source.view, fields)
    if size < SIZE.size + INFO.size + STORAGE.size:
        return Header(*basic)
    return Header(*basic, *STORAGE.unpack_from(source.view, fields + INFO.size))


def _check_coding(source: Source, header: Header, *, os2: bool) -> None:
    if header.planes != 1:
        raise source.broken(f"{header.planes} colour planes", FILE_HEADER_BYTES)
    if header.compression in EMBEDDED and not os2:
        what = f"a {EMBEDDED[header.compression]} inside a BMP is not accepted"
        raise source.broken(what, FILE_HEADER_BYTES)
    if header.bits not in (OS2_BITS if os2 else WINDOWS_BITS).get(header.compression, ()):
        what = f"compression {header.compression} with {header.bits} bits a pixel"
        raise source.broken(what, FILE_HEADER_BYTES)
    if header.height < 0 and header.compression not in UNCOMPRESSED:
        raise source.broken("compressed data cannot be top-down", FILE_HEADER_BYTES)


def _data_bytes(header: Header) -> int:
    """The bytes of pixel data: rows of whole 32-bit words, or the size in the header."""
    if header.compression not in UNCOMPRESSED:
        return max(header.data_bytes, 1)
    return (header.width * header.bits + 31) // 32 * 4 * abs(header.height)
