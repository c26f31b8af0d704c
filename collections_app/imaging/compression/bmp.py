"""BMP without compression: its rows as samples; byte for byte.

The rest is the file without its rows. Other BMPs (run lengths, 16 bits, bit fields) are unsuitable.
"""

import struct
from dataclasses import dataclass

import numpy as np

from collections_app.imaging.compression.errors import Unsuitable
from collections_app.imaging.compression.parts import Parts, Samples

FILE_HEADER = 14
OLD_HEADER = 12
OLD_SIZE, SIZE = struct.Struct("<HHHH"), struct.Struct("<iiHHI")
INDEXED = (1, 4, 8)
DEPTHS = (*INDEXED, 24, 32)
BIT_FIELDS = 3


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the rows are: the first byte, pixels across and down, bits a pixel."""

    start: int
    width: int
    height: int
    depth: int

    @property
    def row(self) -> int:
        """The bytes of a row that hold pixels."""
        return (self.width * self.depth + 7) // 8

    @property
    def stride(self) -> int:
        """The bytes from a row to the next: a multiple of four."""
        return -(-self.row // 4) * 4


def split(data: bytes) -> Parts:
    """The samples in the file's order (from below, blue first); raises Unsuitable."""
    layout = _layout(data)
    end = layout.start + layout.stride * layout.height
    if end > len(data):
        raise Unsuitable("its rows are not whole")
    rows = np.frombuffer(data[layout.start : end], np.uint8).reshape(layout.height, layout.stride)
    samples = _unpack(rows[:, : layout.row], layout)
    photographic = layout.depth not in INDEXED
    return Parts(samples, data[: layout.start] + data[end:], photographic)


def join(samples: Samples, rest: bytes) -> bytes:
    """The BMP file; bytes between rows are zero."""
    layout = _layout(rest)
    rows = np.zeros((layout.height, layout.stride), np.uint8)
    rows[:, : layout.row] = _pack(samples, layout)
    return rest[: layout.start] + rows.tobytes() + rest[layout.start :]


def _layout(data: bytes) -> _Layout:
    start, header = struct.unpack_from("<II", data, 10)
    if header == OLD_HEADER:
        width, height, _, depth = OLD_SIZE.unpack_from(data, FILE_HEADER + 4)
        method = 0
    else:
        width, height, _, depth, method = SIZE.unpack_from(data, FILE_HEADER + 4)
    if depth not in DEPTHS or not (method == 0 or (method == BIT_FIELDS and depth == 32)):
        raise Unsuitable(f"a BMP of {depth} bits and method {method} is not taken apart")
    return _Layout(start, width, abs(height), depth)


def _unpack(rows: Samples, layout: _Layout) -> Samples:
    """Bytes of rows as (rows, columns, channels)."""
    if layout.depth >= 8:
        return rows.reshape(layout.height, layout.width, layout.depth // 8)
    bits = np.unpackbits(rows.astype(np.uint8), axis=1)
    if layout.depth == 4:
        quarters = bits.reshape(layout.height, -1, 4)
        bits = np.packbits(quarters, axis=2)[..., 0] >> np.uint8(4)
    # Bits after the last pixel of a row are samples, too: they come back.
    return bits[..., np.newaxis]


def _pack(samples: Samples, layout: _Layout) -> Samples:
    """The bytes of rows again."""
    if layout.depth >= 8:
        return samples.reshape(layout.height, layout.row)
    values = samples[..., 0].astype(np.uint8)
    if layout.depth == 4:
        return values[:, 0::2] << np.uint8(4) | values[:, 1::2]
    return np.packbits(values, axis=1)
