"""PNG: truncation at every byte, what may follow IEND, and wrong structures."""

import pytest

from collections_app.imaging.structure import ImageFacts, TruncatedImage, inspect
from tests.collections_app.imaging.structure.builders import (
    DATA,
    END,
    PALETTE,
    PNG_SIGNATURE,
    chunk,
    header,
    png,
)
from tests.collections_app.imaging.structure.refusals import refusal, short_id
from tests.collections_app.imaging.structure.samples import PNG

WHOLE = png(header(), DATA, END)
PALETTE_HEADER = header(colour=3)
COMBINATIONS = [(0, depth) for depth in (1, 2, 4, 8, 16)]
COMBINATIONS += [(3, depth) for depth in (1, 2, 4, 8)]
COMBINATIONS += [(colour, depth) for colour in (2, 4, 6) for depth in (8, 16)]


@pytest.mark.parametrize("kind", PNG)
def test_every_truncation_is_found(kind: str) -> None:
    whole = PNG[kind]
    for length in range(1, len(whole)):
        with pytest.raises(TruncatedImage) as caught:
            inspect(whole[:length])
        assert caught.value.offset == length
        assert caught.value.detail.startswith(f"The PNG ends at byte {length}, ")


@pytest.mark.parametrize(
    ("length", "where"),
    [
        (7, "inside its signature"),
        (8, "before its IEND chunk"),
        (16, "inside the IHDR chunk that begins at byte 8"),
        (33, "before its IEND chunk"),
        (50, "inside the IDAT chunk that begins at byte 33"),
        (len(WHOLE) - 1, "inside the IEND chunk that begins at byte 55"),
    ],
    ids=short_id,
)
def test_the_detail_says_where_it_ends(length: int, where: str) -> None:
    detail = f"The PNG ends at byte {length}, {where}."
    assert refusal(WHOLE[:length]) == ("TruncatedImage", detail)


def test_what_follows_the_end_is_not_looked_at() -> None:
    assert inspect(WHOLE + b"IDAT" * 9) == ImageFacts("png", "image/png", 1, 1)


@pytest.mark.parametrize("colour", range(8))
@pytest.mark.parametrize("depth", [0, 1, 2, 3, 4, 8, 16, 32])
def test_bit_depths_of_each_colour_type(colour: int, depth: int) -> None:
    data = png(header(depth=depth, colour=colour), PALETTE, DATA, END)
    detail = f"The PNG is broken at byte 16: colour type {colour} with bit depth {depth}."
    wanted = ("", "") if (colour, depth) in COMBINATIONS else ("BrokenImage", detail)
    assert refusal(data) == wanted


def test_the_largest_size() -> None:
    whole = png(header(2**31 - 1, 2**31 - 1), DATA, END)
    facts = ImageFacts("png", "image/png", 2**31 - 1, 2**31 - 1)
    assert inspect(whole, max_pixels=2**62) == facts


@pytest.mark.parametrize(
    ("data", "at", "what"),
    [
        (
            PNG_SIGNATURE.replace(b"\r\n", b"\n") + header(),
            0,
            "its signature was changed, as by a transfer in text mode",
        ),
        (png(DATA, header(), END), 8, "the first chunk is IDAT, not IHDR"),
        (png(chunk(b"IHDR", bytes(12))), 16, "an IHDR chunk of the wrong length"),
        (png(header(0, 5)), 16, "its size is 0 x 5 pixels"),
        (png(header(5, 0)), 16, "its size is 5 x 0 pixels"),
        (png(header(2**31, 1)), 16, "its size is 2147483648 x 1 pixels"),
        (
            png(header(rest=b"\1\0\0")),
            16,
            "an unknown compression, filter or interlace method",
        ),
        (
            png(header(rest=b"\0\0\2")),
            16,
            "an unknown compression, filter or interlace method",
        ),
        (png(header(), END), 33, "IEND comes before any IDAT chunk"),
        (png(header(), chunk(b"IDAT", b"x", crc=7)), 33, "the CRC of the IDAT chunk is wrong"),
        (png(header(), chunk(b"tEXt", b"x", crc=7)), 33, "the CRC of the tEXt chunk is wrong"),
        (png(header(), DATA, chunk(b"tIME"), DATA), 67, "an IDAT chunk apart from the others"),
        (png(header(), header()), 33, "the chunk IHDR does not belong here"),
        (png(header(), chunk(b"CgBI")), 33, "the chunk CgBI does not belong here"),
        (png(header(), b"\0\0\0\0I@AT\0\0\0\0"), 33, "no chunk where one should begin"),
        (png(header(), b"\x80\0\0\0IDAT"), 33, "no chunk where one should begin"),
        (png(PALETTE_HEADER, DATA), 33, "an IDAT chunk before the palette"),
        (png(PALETTE_HEADER, chunk(b"PLTE", bytes(7))), 33, "a PLTE chunk of 7 bytes"),
        (png(PALETTE_HEADER, chunk(b"PLTE")), 33, "a PLTE chunk of 0 bytes"),
        (png(PALETTE_HEADER, chunk(b"PLTE", bytes(771))), 33, "a PLTE chunk of 771 bytes"),
        (png(PALETTE_HEADER, PALETTE, PALETTE), 51, "a second or late PLTE chunk"),
        (png(header(), DATA, PALETTE), 55, "a second or late PLTE chunk"),
        (png(header(), chunk(b"tEXt") * 100_000), 1_200_033, "more than 100000 chunks"),
    ],
    ids=short_id,
)
def test_wrong_structures_are_named(data: bytes, at: int, what: str) -> None:
    assert refusal(data) == ("BrokenImage", f"The PNG is broken at byte {at}: {what}.")
