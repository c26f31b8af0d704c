"""TIFF 6.0 section 2 and BigTIFF: the header, image file directories and the values of tags."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct, calcsize, unpack_from

from collections_app.imaging.structure.source import Source

MAX_PAGES = 1_000
MAX_TAGS = 512
CLASSIC = 42
BIG = 43
BIG_HEADER = (8, 0)
BYTE_ORDERS = {b"II": "<", b"MM": ">"}
# The struct codes of BYTE, SHORT, LONG, IFD, LONG8 and IFD8, the types of a whole number.
TYPES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True, slots=True)
class Layout:
    """The byte order ("<" or ">"), and how tag counts, tags and pointers are written."""

    order: str
    count: Struct
    tag: Struct
    pointer: Struct


@dataclass(frozen=True, slots=True)
class Field:
    """A tag: its type, how many values it has, and the byte where these or their pointer are."""

    kind: int
    count: int
    at: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One page: the byte where its directory begins, and its tags by number.

    Where a tag is repeated, its first occurrence counts.
    """

    source: Source
    layout: Layout
    at: int
    fields: dict[int, Field]

    def count(self, tag: int) -> int:
        """How many values `tag` has."""
        field = self.fields.get(tag)
        return 0 if field is None else field.count

    def values(self, tag: int) -> tuple[int, ...]:
        """All values of `tag`, which must be there."""
        return self._read(tag, self.count(tag))

    def first(self, tag: int, default: int = 0) -> int:
        """The first value of `tag`, or `default` where it has none."""
        return self._read(tag, 1)[0] if self.count(tag) else default

    def _read(self, tag: int, wanted: int) -> tuple[int, ...]:
        field = self.fields[tag]
        if field.kind not in TYPES:
            raise self.source.broken(f"tag {tag} has type {field.kind}", self.at)
        code = f"{self.layout.order}{TYPES[field.kind]}"
        width = calcsize(code)
        start = field.at
        if field.count * width > self.layout.pointer.size:
            (start,) = self.layout.pointer.unpack_from(self.source.view, field.at)
        self.source.require(start + field.count * width, f"before the values of tag {tag}")
        return unpack_from(f"{code[0]}{wanted}{code[1]}", self.source.view, start)


def directories(source: Source) -> Iterator[Directory]:
    """The chain of pages; raises ImageError when it loops, is too long or leaves the file."""
    layout, at = _header(source)
    visited: set[int] = set()
    while at:
        if at in visited:
            raise source.broken("its pages form a loop", at)
        if len(visited) == MAX_PAGES:
            raise source.broken(f"more than {MAX_PAGES} pages", at)
        visited.add(at)
        directory, after = _directory(source, layout, at)
        yield directory
        (at,) = source.read(layout.pointer, after, "inside a page's directory")


def _header(source: Source) -> tuple[Layout, int]:
    """How the file is written, and the byte of its first directory."""
    where = "inside its header"
    source.require(4, where)
    order = BYTE_ORDERS[bytes(source.view[:2])]
    (version,) = source.read(Struct(f"{order}H"), 2, where)
    if version == CLASSIC:
        layout = Layout(order, *(Struct(order + code) for code in ("H", "HHI4x", "I")))
        return layout, source.read(layout.pointer, 4, where)[0]
    layout = Layout(order, *(Struct(order + code) for code in ("Q", "HHQ8x", "Q")))
    if source.read(Struct(f"{order}HH"), 4, where) != BIG_HEADER:
        raise source.broken("a BigTIFF header with another pointer size than 8", 4)
    return layout, source.read(layout.pointer, 8, where)[0]


def _directory(source: Source, layout: Layout, at: int) -> tuple[Directory, int]:
    """The directory at byte `at`, and the byte after its tags."""
    (count,) = source.read(layout.count, at, f"before its page at byte {at}")
    if count > MAX_TAGS:
        raise source.broken(f"a page with {count} tags", at)
    start = at + layout.count.size
    end = start + count * layout.tag.size
    source.require(end, "inside a page's directory")
    fields: dict[int, Field] = {}
    for place in range(start, end, layout.tag.size):
        tag, kind, values = layout.tag.unpack_from(source.view, place)
        value = place + layout.tag.size - layout.pointer.size
        fields.setdefault(tag, Field(kind, values, value))
    return Directory(source, layout, at, fields), end
