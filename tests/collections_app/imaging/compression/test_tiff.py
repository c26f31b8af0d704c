import struct
from typing import Any

import pytest

from collections_app.imaging.compression import Encoded, Kept, Policy, compress, restore, tiff
from collections_app.imaging.compression.errors import Unsuitable
from tests.collections_app.imaging.compression import drawings

GRAY = {256: 96, 257: 80, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 80, 279: 96 * 80}


def built(**changes: int) -> bytes:
    """A TIFF of one strip, its directory of LONGs; `changes` are fields, by t and their number."""
    fields = GRAY | {int(tag[1:]): value for tag, value in changes.items()}
    body = drawings.smooth(1).tobytes()
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(fields.items())]
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory


@pytest.mark.parametrize(
    "changes",
    [
        {"t278": 0},
        {"t278": 1},
        {"t257": 2**32 - 1, "t278": 1},
        {"t256": 2**32 - 1},
        {"t273": 2**31},
        {"t279": 2**31},
        {"t258": 7},
        {"t259": 4},
        {"t266": 2},
        {"t277": 5},
        {"t317": 3},
        {"t322": 0, "t323": 16, "t324": 8, "t325": 7680},
        {"t322": 1, "t323": 1, "t324": 8, "t325": 7680},
        {"t322": 2**31, "t323": 2**31, "t324": 8, "t325": 7680},
    ],
)
def test_a_directory_that_lies_is_not_taken_apart(changes: dict[str, int]) -> None:
    found = compress(built(**changes), "image/tiff", Policy())
    assert isinstance(found, Kept) or found.encoding == "zstd"


def test_a_plain_strip_is_taken_apart() -> None:
    found = compress(built(), "image/tiff", Policy())
    assert isinstance(found, Encoded)
    assert found.encoding in ("jxl-exact", "webp-exact")


@pytest.mark.parametrize("data", [b"", b"II*\0", b"II+\0" + bytes(40), b"MM\0*" + b"\xff" * 8])
def test_what_has_no_directory_is_not_taken_apart(data: bytes) -> None:
    with pytest.raises((Unsuitable, struct.error)):
        tiff.split(data)


@pytest.mark.parametrize("options", [{"tile": (32, 32)}, {"big_endian": True}, {"planes": True}])
def test_every_layout_comes_back(options: dict[str, Any]) -> None:
    data = laid_out(**options)
    found = compress(data, "image/tiff", Policy())
    assert isinstance(found, Encoded)
    assert found.encoding.endswith("-exact")
    assert restore(found.encoding, found.data, "image/tiff") == data


def laid_out(
    *, tile: tuple[int, int] = (0, 0), big_endian: bool = False, planes: bool = False
) -> bytes:
    """A plain RGB TIFF in tiles, of big-endian 16 bits, or of one strip a plane."""
    order = ">" if big_endian else "<"
    pixels = drawings.smooth(3)[:64]
    if big_endian:
        pixels = pixels.astype(">u2") * 250
    parts = [pixels]
    fields: dict[int, tuple[int, ...]] = {256: (96,), 257: (64,), 259: (1,), 262: (2,), 277: (3,)}
    fields[258] = (16,) * 3 if big_endian else (8,) * 3
    if any(tile):
        across, down = range(0, 96, tile[0]), range(0, 64, tile[1])
        parts = [pixels[y : y + tile[1], x : x + tile[0]] for y in down for x in across]
        fields |= {322: (tile[0],), 323: (tile[1],)}
    if planes:
        parts = [pixels[..., at] for at in range(3)]
        fields[284] = (2,)
    blocks = [part.tobytes() for part in parts]
    starts = [8 + sum(map(len, blocks[:at])) for at in range(len(blocks))]
    names = (324, 325) if any(tile) else (273, 279)
    fields |= {names[0]: tuple(starts), names[1]: tuple(map(len, blocks))}
    body = b"".join(blocks)
    return assembled(order, body, fields)


def assembled(order: str, body: bytes, fields: dict[int, tuple[int, ...]]) -> bytes:
    """A TIFF whose directory comes after its strips, with LONGs."""
    start = 8 + len(body)
    after = start + 2 + 12 * len(fields) + 4
    entries, values = b"", b""
    for tag, numbers in sorted(fields.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            where = struct.pack(f"{order}I", after + len(values))
            values, packed = values + packed, where
        entries += struct.pack(f"{order}HHI", tag, 4, len(numbers)) + packed
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, start)
    count = struct.pack(f"{order}H", len(fields))
    return head + body + count + entries + bytes(4) + values
