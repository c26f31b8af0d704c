"""TIFF 6.0 and BigTIFF: the size of every page, and its strips or tiles inside the file."""

from collections_app.imaging.structure.source import Source
from collections_app.imaging.structure.tiff_directory import Directory, directories

MAX_PARTS = 500_000
MAX_BITS = 128
WIDTH = 256
HEIGHT = 257
BITS = 258
STRIP_OFFSETS = 273
ORIENTATION = 274
SAMPLES = 277
ROWS_PER_STRIP = 278
STRIP_BYTES = 279
PLANAR = 284
TILE_WIDTH = 322
TILE_HEIGHT = 323
TILE_OFFSETS = 324
TILE_BYTES = 325
SEPARATE_PLANES = 2
TURNED = range(5, 9)


def walk(source: Source) -> tuple[int, int]:
    """The width and height in pixels of the first page as it is shown; raises ImageError."""
    first: tuple[int, int] | None = None
    parts = 0
    for page in directories(source):
        size = page.first(WIDTH), page.first(HEIGHT)
        source.check_size(*size, page.at)
        if not 1 <= page.first(BITS, 1) <= MAX_BITS:
            raise source.broken(f"{page.first(BITS)} bits a sample", page.at)
        parts += page.count(TILE_OFFSETS) or page.count(STRIP_OFFSETS)
        if parts > MAX_PARTS:
            raise source.broken(f"more than {MAX_PARTS} strips or tiles", page.at)
        _check_parts(source, page, *size)
        first = first or (size[::-1] if page.first(ORIENTATION) in TURNED else size)
    if first is None:
        raise source.broken("no page", 4)
    return first


def _check_parts(source: Source, page: Directory, width: int, height: int) -> None:
    """Check that the strips or tiles of a page are all there and inside the file."""
    if page.count(TILE_OFFSETS):
        offsets_tag, bytes_tag = TILE_OFFSETS, TILE_BYTES
        across, down = page.first(TILE_WIDTH), page.first(TILE_HEIGHT)
    else:
        offsets_tag, bytes_tag = STRIP_OFFSETS, STRIP_BYTES
        across, down = width, page.first(ROWS_PER_STRIP, height)
    if not (across and down):
        raise source.broken("its strips or tiles have no size", page.at)
    planes = page.first(SAMPLES, 1) if page.first(PLANAR) == SEPARATE_PLANES else 1
    wanted = -(-width // across) * -(-height // down) * planes
    if not wanted <= page.count(offsets_tag) == page.count(bytes_tag):
        raise source.broken(f"a page whose {wanted} strips or tiles are not all given", page.at)
    starts, lengths = page.values(offsets_tag), page.values(bytes_tag)
    end = max(map(int.__add__, starts, lengths))
    source.require(end, f"before byte {end}, where its last strip or tile ends")
