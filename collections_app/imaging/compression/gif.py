"""GIF (version 89a): the colour indices of every frame; all else is kept as it is.

The rest is the file without the LZW data of its frames. The frames stand below each other, in the
order of their stored rows, at the left of samples as wide as the widest.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import imagecodecs
import numpy as np

from collections_app.imaging.compression.errors import Unsuitable
from collections_app.imaging.compression.parts import Parts, Samples

SCREEN = 13
DESCRIPTOR = 10
EXTENSION, IMAGE, TRAILER = b"!", b",", b";"
HAS_TABLE, TABLE_BITS, INTERLACED = 0x80, 0x07, 0x40
MOST_FRAMES = 10_000
MOST_SAMPLES = 1 << 27


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame: its size in pixels, and the byte where its LZW data begins."""

    width: int
    height: int
    start: int


def split(data: bytes) -> Parts:
    """The indices of all frames; raises Unsuitable."""
    frames, cuts, end = [], [], 0
    rows = wide = 0
    for frame in _frames(data, whole=True):
        rows, wide = rows + frame.height, max(wide, frame.width)
        if rows * wide > MOST_SAMPLES:
            raise Unsuitable("its frames have too many pixels together")
        frames.append(_indices(data, frame))
        cuts.append(data[end : frame.start])
        end = _after_blocks(data, frame.start + 1)
    if not frames:
        raise Unsuitable("a GIF without a frame")
    stacked = [np.pad(frame, ((0, 0), (0, wide - frame.shape[1]))) for frame in frames]
    return Parts(np.concatenate(stacked)[..., np.newaxis], b"".join([*cuts, data[end:]]))


def join(samples: Samples, rest: bytes) -> bytes:
    """The GIF file."""
    found, end, row = [], 0, 0
    for frame in _frames(rest, whole=False):
        found.append(rest[end : frame.start])
        end = frame.start
        found.append(_lzw(samples[row : row + frame.height, : frame.width, 0]))
        row += frame.height
    return b"".join([*found, rest[end:]])


def _frames(data: bytes, *, whole: bool) -> Iterator[_Frame]:
    """The frames of a file, or of one without their LZW data, where it is not `whole`."""
    at = SCREEN + _table(data[10])
    for _ in range(MOST_FRAMES):
        kind = data[at : at + 1]
        if kind == EXTENSION:
            at = _after_blocks(data, at + 2)
        elif kind == IMAGE:
            width = int.from_bytes(data[at + 5 : at + 7], "little")
            height = int.from_bytes(data[at + 7 : at + 9], "little")
            at += DESCRIPTOR + _table(data[at + 9])
            yield _Frame(width, height, at)
            at = _after_blocks(data, at + 1) if whole else at
        else:
            return
    raise Unsuitable(f"more than {MOST_FRAMES} frames")


def _table(flags: int) -> int:
    """The bytes of the colour table that some flags announce."""
    return 3 << (flags & TABLE_BITS) + 1 if flags & HAS_TABLE else 0


def _after_blocks(data: bytes, at: int) -> int:
    """The byte after the sub-blocks that begin at byte `at`."""
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _indices(data: bytes, frame: _Frame) -> Samples:
    """The indices of one frame, decoded as the only one of a GIF of its size."""
    size = frame.width.to_bytes(2, "little") + frame.height.to_bytes(2, "little")
    screen = b"GIF89a" + size + b"\xf7\0\0" + bytes(3 << 8)
    blocks = data[frame.start : _after_blocks(data, frame.start + 1)]
    plain = screen + IMAGE + bytes(4) + size + b"\0" + blocks + TRAILER
    indices = np.asarray(imagecodecs.gif_decode(plain, asrgb=False))
    if indices.shape != (frame.height, frame.width) or indices.dtype != np.uint8:
        raise Unsuitable("a frame that does not decode to its size")
    return indices


def _lzw(indices: Samples) -> bytes:
    """The LZW data of a frame, from the minimum code size to the last sub-block."""
    encoded = bytes(imagecodecs.gif_encode(np.ascontiguousarray(indices)))
    (frame,) = _frames(encoded, whole=True)
    return encoded[frame.start : _after_blocks(encoded, frame.start + 1)]
