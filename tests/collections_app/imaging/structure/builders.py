"""Image files written by hand, for what Pillow does not write and for what is wrong on purpose."""

import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"


def segment(marker: int, data: bytes = b"") -> bytes:
    """A JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, 2 + len(data)) + data


def frame(
    marker: int = 0xC0,
    *,
    width: int = 8,
    height: int = 8,
    bits: int = 8,
    components: bytes = b"\1\x11\0",
) -> bytes:
    """A JPEG frame header; three bytes a component."""
    fields = struct.pack(">BHHB", bits, height, width, len(components) // 3)
    return segment(marker, fields + components)


TABLE = segment(0xDB, bytes(65))
SCAN = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\0\x34"


def jpeg(*parts: bytes) -> bytes:
    """A JPEG of these parts, from its start to its end marker."""
    return JPEG_START + b"".join(parts) + JPEG_END


def chunk(kind: bytes, data: bytes = b"", *, crc: int | None = None) -> bytes:
    """A PNG chunk; with the right CRC unless another is given."""
    right = zlib.crc32(kind + data)
    return (
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", right if crc is None else crc)
    )


def header(
    width: int = 1, height: int = 1, *, depth: int = 8, colour: int = 0, rest: bytes = b"\0\0\0"
) -> bytes:
    """A PNG's IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBB", width, height, depth, colour) + rest)


DATA = chunk(b"IDAT", zlib.compress(b"\0\x7f"))
PALETTE = chunk(b"PLTE", bytes(6))
END = chunk(b"IEND")


def png(*chunks: bytes) -> bytes:
    """A PNG of these chunks."""
    return PNG_SIGNATURE + b"".join(chunks)


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a WebP, padded to an even length."""
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def webp(*chunks: bytes) -> bytes:
    """A WebP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width: int, height: int, *, flags: int = 0) -> bytes:
    """A WebP's VP8X chunk."""
    return riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + _less_one(width) + _less_one(height))


def lossless(width: int, height: int, *, signature: int = 0x2F, version: int = 0) -> bytes:
    """A WebP's VP8L chunk: its header, and no pixels."""
    bits = width - 1 | height - 1 << 14 | version << 29
    return riff_chunk(b"VP8L", struct.pack("<BI", signature, bits))


def lossy(width: int, height: int, *, tag: int = 0, code: bytes = b"\x9d\x01\x2a") -> bytes:
    """A WebP's VP8 chunk: its header, and no pixels."""
    data = tag.to_bytes(3, "little") + code + struct.pack("<HH", width, height)
    return riff_chunk(b"VP8 ", data)


def animation_frame(x: int, y: int, width: int, height: int, *parts: bytes) -> bytes:
    """A WebP's ANMF chunk at (2x, 2y)."""
    place = x.to_bytes(3, "little") + y.to_bytes(3, "little")
    size = _less_one(width) + _less_one(height)
    return riff_chunk(b"ANMF", place + size + bytes(4) + b"".join(parts))


def _less_one(size: int) -> bytes:
    return (size - 1).to_bytes(3, "little")


GIF_END = b";"


def gif(*blocks: bytes, width: int = 4, height: int = 3) -> bytes:
    """A GIF of these blocks, with a colour table of two colours."""
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0)
    return b"GIF89a" + screen + b"\0\0\0\xff\xff\xff" + b"".join(blocks)


def gif_picture(
    width: int = 4, height: int = 3, *, left: int = 0, top: int = 0, code_size: int = 2
) -> bytes:
    """A picture in a GIF: its descriptor, one sub-block of data that is no LZW, the terminator."""
    place = struct.pack("<BHHHHB", 0x2C, left, top, width, height, 0)
    return place + bytes([code_size]) + b"\3abc\0"


def bmp(
    width: int = 3,
    height: int = 2,
    *,
    bits: int = 24,
    compression: int = 0,
    planes: int = 1,
    header_size: int = 40,
    palette: bytes = b"",
    data: bytes | None = None,
    data_bytes: int = 0,
    offset: int | None = None,
) -> bytes:
    """A BMP with a Windows or OS/2 header of `header_size` bytes; black unless `data` is given."""
    if header_size == 12:
        info = struct.pack("<IHHHH", header_size, width, height, planes, bits)
    else:
        info = struct.pack("<IiiHH", header_size, width, height, planes, bits)
        info += struct.pack("<II", compression, data_bytes)
        info = info.ljust(header_size, b"\0")[:header_size]
    if data is None:
        data = bytes((width * bits + 31) // 32 * 4 * abs(height))
    start = 14 + len(info) + len(palette)
    begin = struct.pack("<IHHI", start + len(data), 0, 0, start if offset is None else offset)
    return b"BM" + begin + info + palette + data


Tag = tuple[int, int, tuple[int, ...]]
_WIDTHS = {1: "B", 2: "B", 3: "H", 4: "I", 16: "Q"}


def page(width: int, height: int, *, offset: int = 0, size: int | None = None) -> list[Tag]:
    """The tags of a greyscale page of one uncompressed strip."""
    return [
        (256, 3, (width,)),
        (257, 3, (height,)),
        (258, 3, (8,)),
        (259, 3, (1,)),
        (262, 3, (1,)),
        (273, 4, (offset,)),
        (277, 3, (1,)),
        (278, 3, (height,)),
        (279, 4, (width * height if size is None else size,)),
    ]


def without(tags: list[Tag], *numbers: int) -> list[Tag]:
    """These tags less the ones numbered."""
    return [tag for tag in tags if tag[0] not in numbers]


def tiff(*pages: list[Tag], order: str = "<", big: bool = False, last: int = 0) -> bytes:
    """A TIFF or BigTIFF of these pages; `last` is what follows the last one."""
    pointer, count, head = ("Q", "Q", 16) if big else ("I", "H", 8)
    start = b"II" if order == "<" else b"MM"
    start += struct.pack(order + "H", 43 if big else 42)
    start += struct.pack(order + "HH", 8, 0) if big else b""
    out = start + struct.pack(order + pointer, head if pages else last)
    for number, tags in enumerate(pages):
        length = struct.calcsize(f"{order}{count}{pointer}") + len(tags) * (20 if big else 12)
        after = len(out) + length
        entries, extra = b"", b""
        for tag, kind, values in tags:
            packed = struct.pack(f"{order}{len(values)}{_WIDTHS[kind]}", *values)
            if len(packed) > struct.calcsize(order + pointer):
                where = struct.pack(order + pointer, after + len(extra))
                extra += packed
                packed = where
            entries += struct.pack(f"{order}HH{pointer}", tag, kind, len(values))
            entries += packed.ljust(struct.calcsize(order + pointer), b"\0")
        following = last if number == len(pages) - 1 else after + len(extra)
        out += struct.pack(order + count, len(tags)) + entries
        out += struct.pack(order + pointer, following) + extra
    return out
