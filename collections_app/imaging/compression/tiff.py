"""TIFF (revision 6.0): the samples of the first page; all else stays in its place.

Taken apart are strips and tiles of 1, 8 or 16 bits, plain or compressed by LZW, Deflate or
PackBits.
The rest begins with the number of these segments, and for each the bytes from the end of the one
before it and its length, as varints; then comes the file without them. A segment that gets longer
than it was is put at the end of the file, so that nothing else moves; one that gets shorter is
followed by zeros.
"""

import zlib
from collections.abc import Callable

import imagecodecs
import numpy as np

from collections_app.imaging.compression import tiff_page, varint
from collections_app.imaging.compression.errors import Unsuitable
from collections_app.imaging.compression.parts import Parts, Samples
from collections_app.imaging.compression.tiff_page import Page

WIDTH, HEIGHT, BITS, METHOD, PHOTOMETRIC, PER_PIXEL = 256, 257, 258, 259, 262, 277
FILL_ORDER, ROWS, PLANES, PREDICTOR, TILE_WIDTH, TILE_HEIGHT = 266, 278, 284, 317, 322, 323
GRAY_AND_RGB = (1, 2)
APART = 2
DIFFERENCES = 2
MOST_SEGMENTS = 65_536
MOST_BYTES = 1 << 28
DEFLATE_LEVEL = 6

Decode = Callable[[bytes, int], bytes]
Encode = Callable[[bytes, int], bytes]


def _same(data: bytes, _: int) -> bytes:
    return data


def _unpack_lzw(data: bytes, size: int) -> bytes:
    return bytes(imagecodecs.lzw_decode(data, out=size))


def _pack_lzw(data: bytes, _: int) -> bytes:
    return bytes(imagecodecs.lzw_encode(data))


def _inflate(data: bytes, size: int) -> bytes:
    return zlib.decompressobj().decompress(data, size)


def _deflate(data: bytes, _: int) -> bytes:
    return zlib.compress(data, DEFLATE_LEVEL)


def _unpack_bits(data: bytes, size: int) -> bytes:
    return bytes(imagecodecs.packbits_decode(data, out=size))


def _pack_bits(data: bytes, row: int) -> bytes:
    return bytes(imagecodecs.packbits_encode(np.frombuffer(data, np.uint8).reshape(-1, row)))


METHODS: dict[int, tuple[Decode, Encode]] = {
    1: (_same, _same),
    5: (_unpack_lzw, _pack_lzw),
    8: (_inflate, _deflate),
    32773: (_unpack_bits, _pack_bits),
    32946: (_inflate, _deflate),
}
"""How a segment is read into so many bytes, and written in rows of so many bytes."""


def split(data: bytes) -> Parts:
    """The samples, segment below segment; planes that are stored apart are channels."""
    page = tiff_page.read(data)
    _check(page)
    offsets, counts = (field.values for field in page.segments())
    row, heights = _row(page), _heights(page)
    if not len(offsets) == len(counts) == len(heights):
        raise Unsuitable("it has not as many strips as its size needs")
    if not 0 < row * sum(heights) <= MOST_BYTES:
        raise Unsuitable("its strips are empty or too large")
    decode = METHODS[page.one(METHOD, 1)][0]
    plain = [
        decode(data[at : at + count], row * height)
        for at, count, height in zip(offsets, counts, heights, strict=True)
    ]
    if any(len(one) != row * high for one, high in zip(plain, heights, strict=True)):
        raise Unsuitable("its strips are not as long as its size needs")
    photographic = page.one(BITS, 1) > 1 and page.one(PHOTOMETRIC) in GRAY_AND_RGB
    samples = _samples(page, b"".join(plain))
    return Parts(samples, _without(data, offsets, counts), photographic, page.facts())


def join(samples: Samples, rest: bytes) -> bytes:
    """The TIFF file."""
    file, room = _skeleton(rest)
    page = tiff_page.read(bytes(file))
    offsets, counts = page.segments()
    row, encode = _row(page), METHODS[page.one(METHOD, 1)][1]
    plain, taken = _plain(page, samples), 0
    starts, lengths = [], []
    for at, height in zip(offsets.values, _heights(page), strict=True):
        packed = encode(plain[taken : taken + row * height], row)
        taken += row * height
        start = at if len(packed) <= room[at] else len(file) + len(file) % 2
        file.extend(bytes(max(0, start - len(file))))
        file[start : start + len(packed)] = packed
        starts.append(start)
        lengths.append(len(packed))
    offsets.layout.pack_into(file, offsets.at, *starts)
    counts.layout.pack_into(file, counts.at, *lengths)
    return bytes(file)


def _check(page: Page) -> None:
    """Refuse what is not taken apart."""
    bits = page.fields[BITS].values if BITS in page.fields else (1,)
    if len(set(bits)) > 1 or bits[0] not in (1, 8, 16):
        raise Unsuitable(f"a TIFF of {bits} bits is not taken apart")
    if page.one(METHOD, 1) not in METHODS:
        raise Unsuitable(f"a TIFF of method {page.one(METHOD, 1)} is not taken apart")
    if page.one(FILL_ORDER, 1) != 1:
        raise Unsuitable("a TIFF whose bits are in reverse order is not taken apart")
    if page.one(PER_PIXEL, 1) > 4 or (bits[0] == 1 and page.one(PER_PIXEL, 1) > 1):
        raise Unsuitable("a TIFF of so many channels is not taken apart")
    if page.one(PREDICTOR, 1) > DIFFERENCES or (page.one(PREDICTOR, 1) > 1 and bits[0] == 1):
        raise Unsuitable("a TIFF of such a predictor is not taken apart")


def _row(page: Page) -> int:
    """The bytes of one row of a segment."""
    channels = 1 if page.one(PLANES, 1) == APART else page.one(PER_PIXEL, 1)
    width = page.one(TILE_WIDTH if TILE_WIDTH in page.fields else WIDTH)
    return (width * channels * page.one(BITS, 1) + 7) // 8


def _heights(page: Page) -> list[int]:
    """The rows of each segment."""
    planes = page.one(PER_PIXEL, 1) if page.one(PLANES, 1) == APART else 1
    height = page.one(HEIGHT)
    if TILE_WIDTH in page.fields:
        across = -(-page.one(WIDTH) // page.one(TILE_WIDTH))
        down = -(-height // page.one(TILE_HEIGHT))
        return [page.one(TILE_HEIGHT)] * _few(across * down * planes)
    rows = min(page.one(ROWS, height), height)
    _few(planes * -(-height // rows))
    return [min(rows, height - top) for top in range(0, height, rows)] * planes


def _few(segments: int) -> int:
    """The number of segments; raises Unsuitable where they are too many."""
    if segments > MOST_SEGMENTS:
        raise Unsuitable(f"it has {segments} strips or tiles")
    return segments


def _samples(page: Page, plain: bytes) -> Samples:
    """The decoded segments as (rows, columns, channels)."""
    apart, channels = page.one(PLANES, 1) == APART, page.one(PER_PIXEL, 1)
    if page.one(BITS, 1) == 1:
        rows = np.frombuffer(plain, np.uint8).reshape(-1, _row(page))
        return np.unpackbits(rows, axis=1)[..., np.newaxis]
    kind = f"{page.order}u{page.one(BITS) // 8}"
    columns = _row(page) // np.dtype(kind).itemsize // (1 if apart else channels)
    found = np.frombuffer(plain, kind).astype(kind[1:])
    found = found.reshape((channels, -1, columns) if apart else (-1, columns, channels))
    if apart:
        found = np.ascontiguousarray(found.transpose(1, 2, 0))
    if page.one(PREDICTOR, 1) == DIFFERENCES:
        found = np.cumsum(found, axis=1, dtype=found.dtype)
    return found


def _plain(page: Page, samples: Samples) -> bytes:
    """The bytes of all segments again."""
    if page.one(BITS, 1) == 1:
        return np.packbits(samples[..., 0].astype(np.uint8), axis=1).tobytes()
    if page.one(PREDICTOR, 1) == DIFFERENCES:
        samples = np.diff(samples, axis=1, prepend=samples.dtype.type(0))
    if page.one(PLANES, 1) == APART:
        samples = samples.transpose(2, 0, 1)
    return samples.astype(f"{page.order}u{samples.dtype.itemsize}").tobytes()


def _without(data: bytes, offsets: tuple[int, ...], counts: tuple[int, ...]) -> bytes:
    """The rest: where the segments were, and the file without them."""
    places, gaps, end = [varint.write(len(offsets))], [], 0
    for at, count in sorted(zip(offsets, counts, strict=True)):
        if at < end or at + count > len(data):
            raise Unsuitable("its strips overlap or lie outside of it")
        places += [varint.write(at - end), varint.write(count)]
        gaps.append(data[end:at])
        end = at + count
    return b"".join([*places, *gaps, data[end:]])


def _skeleton(rest: bytes) -> tuple[bytearray, dict[int, int]]:
    """The file with zeros for segments, and the room for each by the byte where it begins."""
    count, at = varint.read(rest, 0)
    places = []
    for _ in range(count):
        gap, at = varint.read(rest, at)
        length, at = varint.read(rest, at)
        places.append((gap, length))
    file, room = bytearray(), {}
    for gap, length in places:
        file += rest[at : at + gap]
        at += gap
        room[len(file)] = length
        file += bytes(length)
    return file + rest[at:], room
