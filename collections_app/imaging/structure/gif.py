"""GIF (GIF87a, GIF89a specification): blocks and their sub-blocks up to the trailer.

Some writers leave the trailer out; a file that ends after a whole block is accepted like theirs.
"""

from collections.abc import Iterator
from struct import Struct

from collections_app.imaging.structure.errors import BrokenImage
from collections_app.imaging.structure.source import Source

HEADER_BYTES = 6
EXTENSION = 0x21
PICTURE = 0x2C
TRAILER = 0x3B
COLOUR_TABLE = 0x80
MAX_CODE_SIZE = 11
MAX_BLOCKS = 1_000_000

SCREEN = Struct("<HHBBB")
DESCRIPTOR = Struct("<HHHHB")


def walk(source: Source) -> tuple[int, int]:
    """The width and height in pixels of the screen, widened to hold the first picture."""
    width, height, flags, _, _ = source.read(SCREEN, HEADER_BYTES, "inside its header")
    if width and height:
        source.check_size(width, height, HEADER_BYTES)
    at = HEADER_BYTES + SCREEN.size + _colour_table(flags)
    blocks = iter(range(MAX_BLOCKS))
    size: tuple[int, int] | None = None
    for _ in blocks:
        kind = _block(source, at, size)
        if kind == PICTURE:
            right, bottom, start = _picture(source, at)
            if size is None:
                size = max(width, right), max(height, bottom)
                source.check_size(*size, at)
            at = _skip(source, start, blocks)
        elif kind == EXTENSION:
            at = _skip(source, at + 2, blocks)
        elif kind == TRAILER:
            if size is None:
                raise source.broken("the trailer comes before any picture", at)
            return size
        else:
            raise source.broken(f"an unknown block 0x{kind:02X}", at)
    raise _too_many(source, at)


def _block(source: Source, at: int, size: tuple[int, int] | None) -> int:
    """The kind of the block at byte `at`; the end of the file after a picture is a trailer."""
    if at == len(source.view) and size is not None:
        return TRAILER
    source.require(at + 1, "before its trailer")
    return source.view[at]


def _colour_table(flags: int) -> int:
    """The bytes of the colour table that `flags` announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & COLOUR_TABLE else 0


def _picture(source: Source, at: int) -> tuple[int, int, int]:
    """The right and lower edge of the picture at byte `at`, and the byte where its data begins."""
    where = f"inside the picture that begins at byte {at}"
    left, top, width, height, flags = source.read(DESCRIPTOR, at + 1, where)
    source.check_size(width, height, at)
    code = at + 1 + DESCRIPTOR.size + _colour_table(flags)
    source.require(code + 1, where)
    if source.view[code] > MAX_CODE_SIZE:
        raise source.broken(f"an LZW code size of {source.view[code]}", code)
    return left + width, top + height, code + 1


def _skip(source: Source, at: int, blocks: Iterator[int]) -> int:
    """The byte after the sub-blocks that begin at byte `at`; each takes one of `blocks`."""
    view = source.view
    size = len(view)
    for _ in blocks:
        if at >= size:
            raise source.truncated("before its trailer")
        length = view[at]
        at += 1 + length
        if not length:
            return at
    raise _too_many(source, at)


def _too_many(source: Source, at: int) -> BrokenImage:
    return source.broken(f"more than {MAX_BLOCKS} blocks", at)
