"""The first directory of a TIFF (revision 6.0, section 2): what it says of the samples."""

import struct
from dataclasses import dataclass

from collections_app.imaging.compression.errors import Unsuitable

LAYOUTS = {1: "B", 3: "H", 4: "I"}
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
ENTRY = 12
INLINE = 4
STRIPS, TILES = (273, 279), (324, 325)
"""The fields of the segments' offsets and byte counts, for strips and for tiles."""


@dataclass(frozen=True, slots=True)
class Field:
    """An entry of the directory: its whole numbers, and how and where they are written."""

    values: tuple[int, ...]
    layout: struct.Struct
    at: int


@dataclass(frozen=True, slots=True)
class Page:
    """The directory; `order` is "<" or ">", `other` what its fields hold but for whole numbers."""

    order: str
    fields: dict[int, Field]
    other: tuple[tuple[int, bytes], ...]

    def one(self, tag: int, default: int | None = None) -> int:
        """The first value of a field; raises Unsuitable where it is missing and has no default."""
        if tag in self.fields:
            return self.fields[tag].values[0]
        if default is None:
            raise Unsuitable(f"its field {tag} is missing")
        return default

    def segments(self) -> tuple[Field, Field]:
        """The offsets and the byte counts of the strips or tiles; raises Unsuitable."""
        for offsets, counts in (TILES, STRIPS):
            if offsets in self.fields and counts in self.fields:
                return self.fields[offsets], self.fields[counts]
        raise Unsuitable("it does not say where its strips are")

    def facts(self) -> tuple[object, ...]:
        """All that the page says, but for where its segments are."""
        moved = {*STRIPS, *TILES}
        said = [(tag, field.values) for tag, field in self.fields.items() if tag not in moved]
        return (*said, *self.other)


def read(data: bytes) -> Page:
    """The first page; raises Unsuitable or struct.error."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        raise Unsuitable("a TIFF with 64-bit offsets is not taken apart")
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    fields: dict[int, Field] = {}
    other = []
    for entry in range(at + 2, at + 2 + count * ENTRY, ENTRY):
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, entry)
        size = SIZES.get(kind, 1) * length
        start = entry + 8
        if size > INLINE:
            (start,) = struct.unpack_from(f"{order}I", data, start)
        if start + size > len(data):
            raise Unsuitable(f"its field {tag} lies outside of it")
        if kind in LAYOUTS and length:
            layout = struct.Struct(f"{order}{length}{LAYOUTS[kind]}")
            fields[tag] = Field(layout.unpack_from(data, start), layout, start)
        else:
            other.append((tag, data[start : start + size]))
    return Page(order, fields, tuple(other))
