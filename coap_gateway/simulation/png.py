"""A canvas of 256 colours, and its bytes as a PNG (W3C PNG, second edition)."""

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

Colour = tuple[int, int, int]

SMALLEST, LARGEST = 64, 2048
_SIZE = re.compile(r"([0-9]{1,4})x([0-9]{1,4})")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH, _PALETTE = 8, 3


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels."""

    width: int
    height: int


def parse_size(text: str) -> Size:
    """The size written as WIDTHxHEIGHT; ValueError with a sentence where it is none."""
    found = _SIZE.fullmatch(text)
    size = Size(*map(int, found.groups())) if found else Size(0, 0)
    if not all(SMALLEST <= side <= LARGEST for side in (size.width, size.height)):
        raise ValueError(f"{text!r} is no size from {SMALLEST}x{SMALLEST} to {LARGEST}x{LARGEST}.")
    return size


class Canvas:
    """Rows of colour numbers; what is drawn outside of it is cut off."""

    def __init__(self, size: Size, rows: Sequence[bytes]) -> None:
        self.size = size
        # Each row begins with the number of its filter: none.
        self._pixels = bytearray(b"".join(b"\0" + row for row in rows))

    def span(self, y: int, left: int, pixels: bytes) -> None:
        """Put pixels into row `y`, from column `left` on."""
        start = max(left, 0)
        pixels = pixels[start - left : max(self.size.width - left, 0)]
        if 0 <= y < self.size.height:
            offset = y * (self.size.width + 1) + 1 + start
            self._pixels[offset : offset + len(pixels)] = pixels

    def png(self, palette: Sequence[Colour]) -> bytes:
        """The picture as a PNG; `palette` has the colours by number, red, green and blue to 255."""
        header = struct.pack("!IIBBBBB", *self._extent(), _BIT_DEPTH, _PALETTE, 0, 0, 0)
        colours = bytes(part for colour in palette for part in colour)
        return _SIGNATURE + b"".join(
            _chunk(name, data)
            for name, data in (
                (b"IHDR", header),
                (b"PLTE", colours),
                (b"IDAT", zlib.compress(self._pixels)),
                (b"IEND", b""),
            )
        )

    def _extent(self) -> tuple[int, int]:
        return self.size.width, self.size.height


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))
