"""JPEG (ITU-T T.81 annex B): segments and scans up to the end marker.

Bytes between segments that are no marker are passed over, as decoders do. Whatever follows the end
marker is not looked at: padding, the second picture of a multi-picture file, the rest of a longer
picture that was in a camera's frame buffer before.
"""

import re
from struct import Struct

from collections_app.imaging.structure.source import Source

START_BYTES = 2
END = 0xD9
SCAN = 0xDA
QUANTISATION = 0xDB
FRAMES = frozenset([0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB])
LOSSLESS_FRAMES = frozenset([0xC3, 0xCB])
# Huffman and arithmetic tables, quantisation, number of lines, restart interval, APPn, comment
OTHERS = frozenset([0xC4, 0xCC, QUANTISATION, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE])
MAX_COMPONENTS = 4
MAX_SEGMENTS = 10_000

# Neither a stuffed zero, TEM, a restart marker nor a fill byte.
MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
LENGTH = Struct(">H")
FRAME = Struct(">BHHB")
COMPONENT = Struct(">BBB")


def walk(source: Source) -> tuple[int, int]:
    """The width and height in pixels; raises ImageError (T.81 B.2.1)."""
    size: tuple[int, int] | None = None
    seen: set[int] = set()
    end = START_BYTES
    for _ in range(MAX_SEGMENTS):
        at = _next_marker(source, end)
        marker = source.view[at + 1]
        if marker == END:
            if size is None or SCAN not in seen:
                raise source.broken("the end marker comes before any picture", at)
            return size
        end = _segment_end(source, marker, at)
        if marker in FRAMES:
            if size is not None:
                raise source.broken("a second frame header", at)
            size = _frame(source, marker, at, end)
        elif marker == SCAN:
            _check_scan(source, seen, at, end)
        seen.add(marker)
    raise source.broken(f"more than {MAX_SEGMENTS} segments", end)


def _next_marker(source: Source, start: int) -> int:
    found = MARKER.search(source.view, start)
    if found is None:
        raise source.truncated("before its end marker")
    return found.start()


def _segment_end(source: Source, marker: int, at: int) -> int:
    """The byte after the segment whose marker is at byte `at`."""
    if marker not in OTHERS and marker not in FRAMES and marker != SCAN:
        raise source.broken(f"the marker FF{marker:02X} does not belong here", at)
    where = f"inside the segment that begins at byte {at}"
    (length,) = source.read(LENGTH, at + 2, where)
    if length < LENGTH.size:
        raise source.broken(f"a segment of length {length}", at)
    end = at + 2 + int(length)
    source.require(end, where)
    return end


def _frame(source: Source, marker: int, at: int, end: int) -> tuple[int, int]:
    """The width and height in a frame header (T.81 B.2.2)."""
    fields = at + 4
    if end - fields < FRAME.size:
        raise source.broken("a frame header that is too short", at)
    precision, height, width, components = FRAME.unpack_from(source.view, fields)
    if end - fields != FRAME.size + components * COMPONENT.size:
        raise source.broken("a frame header of the wrong length", at)
    if not 1 <= components <= MAX_COMPONENTS:
        raise source.broken(f"{components} components", at)
    if precision not in (range(2, 17) if marker in LOSSLESS_FRAMES else (8, 12)):
        raise source.broken(f"{precision} bits a sample", at)
    source.check_size(width, height, at)
    _check_sampling(source, at, end)
    return width, height


def _check_sampling(source: Source, at: int, end: int) -> None:
    components = source.view[at + 4 + FRAME.size : end]
    for _, factors, _ in COMPONENT.iter_unpack(components):
        if not (1 <= factors >> 4 <= 4 and 1 <= factors & 15 <= 4):
            raise source.broken(f"sampling factors {factors:#04x}", at)


def _check_scan(source: Source, seen: set[int], at: int, end: int) -> None:
    """Check a scan header (T.81 B.2.3) and that what it needs was `seen` before."""
    if seen.isdisjoint(FRAMES):
        raise source.broken("a scan before the frame header", at)
    if QUANTISATION not in seen and seen.isdisjoint(LOSSLESS_FRAMES):
        raise source.broken("a scan before any quantisation table", at)
    components = source.view[at + 4] if end > at + 4 else 0
    if not 1 <= components <= MAX_COMPONENTS or end - at != 8 + 2 * components:
        raise source.broken("a scan header of the wrong length", at)
