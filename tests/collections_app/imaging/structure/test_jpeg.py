"""JPEG: truncation at every byte, what may follow the end marker, and wrong structures."""

import pytest

from collections_app.imaging.structure import ImageFacts, TruncatedImage, inspect
from tests.collections_app.imaging.structure.builders import (
    SCAN,
    TABLE,
    frame,
    jpeg,
    segment,
)
from tests.collections_app.imaging.structure.refusals import refusal, short_id
from tests.collections_app.imaging.structure.samples import JPEG, MULTI_PICTURE

WHOLE = jpeg(TABLE, frame(), SCAN)


@pytest.mark.parametrize("kind", JPEG)
def test_every_truncation_is_found(kind: str) -> None:
    whole = JPEG[kind]
    for length in range(1, len(whole)):
        with pytest.raises(TruncatedImage) as caught:
            inspect(whole[:length])
        assert caught.value.offset == length
        assert caught.value.detail.startswith(f"The JPEG ends at byte {length}, ")


@pytest.mark.parametrize(
    ("length", "where"),
    [
        (2, "before its end marker"),
        (4, "inside the segment that begins at byte 2"),
        (40, "inside the segment that begins at byte 2"),
        (len(WHOLE) - 2, "before its end marker"),
        (len(WHOLE) - 1, "before its end marker"),
    ],
    ids=short_id,
)
def test_the_detail_says_where_it_ends(length: int, where: str) -> None:
    detail = f"The JPEG ends at byte {length}, {where}."
    assert refusal(WHOLE[:length]) == ("TruncatedImage", detail)


@pytest.mark.parametrize(
    "tail",
    [
        b"\0",
        bytes(1000),
        b"\xff\xff",
        JPEG["colour"][-99:],
        JPEG["grey"],
        JPEG["grey"][:99],
        b"\xff\xd8\xff",
    ],
)
def test_what_follows_the_end_marker_is_not_looked_at(tail: bytes) -> None:
    assert inspect(WHOLE + tail) == ImageFacts("jpeg", "image/jpeg", 8, 8)


def test_a_file_of_several_pictures_has_the_size_of_the_first() -> None:
    assert inspect(MULTI_PICTURE) == ImageFacts("jpeg", "image/jpeg", 19, 13)


@pytest.mark.parametrize(
    "whole",
    [
        jpeg(TABLE, b"junk\0\xff\0", frame(), b"\xff\0", SCAN),
        jpeg(TABLE, frame(), SCAN, segment(0xDC, b"\0\x08"), SCAN),
        jpeg(TABLE, frame(), SCAN, b"\xff\xd0 restart \xff\xd7 \xff\x01"),
        jpeg(segment(0xFE, b"\xff\xd9" * 9), TABLE, frame(), SCAN),
    ],
    ids=short_id,
)
def test_decoders_pass_over_this(whole: bytes) -> None:
    assert inspect(whole) == ImageFacts("jpeg", "image/jpeg", 8, 8)


def test_the_largest_size() -> None:
    facts = inspect(jpeg(TABLE, frame(width=65535, height=65535), SCAN), max_pixels=2**32)
    assert facts == ImageFacts("jpeg", "image/jpeg", 65535, 65535)


FRAME_AT = len(TABLE) + 2


@pytest.mark.parametrize(
    ("data", "at", "what"),
    [
        (jpeg(TABLE), FRAME_AT, "the end marker comes before any picture"),
        (jpeg(TABLE, frame()), 84, "the end marker comes before any picture"),
        (jpeg(TABLE, SCAN), FRAME_AT, "a scan before the frame header"),
        (jpeg(frame(), SCAN), 15, "a scan before any quantisation table"),
        (jpeg(TABLE, frame(), frame(), SCAN), 84, "a second frame header"),
        (jpeg(TABLE, frame(width=0), SCAN), FRAME_AT, "its size is 0 x 8 pixels"),
        (jpeg(TABLE, frame(height=0), SCAN), FRAME_AT, "its size is 8 x 0 pixels"),
        (jpeg(TABLE, frame(bits=9), SCAN), FRAME_AT, "9 bits a sample"),
        (jpeg(TABLE, frame(0xC3, bits=17), SCAN), FRAME_AT, "17 bits a sample"),
        (jpeg(TABLE, frame(components=b""), SCAN), FRAME_AT, "0 components"),
        (jpeg(TABLE, frame(components=b"\1\x11\0" * 5), SCAN), FRAME_AT, "5 components"),
        (jpeg(TABLE, frame(components=b"\1\x10\0"), SCAN), FRAME_AT, "sampling factors 0x10"),
        (jpeg(TABLE, frame(components=b"\1\x51\0"), SCAN), FRAME_AT, "sampling factors 0x51"),
        (jpeg(TABLE, segment(0xC0, b"\x08\0")), FRAME_AT, "a frame header that is too short"),
        (
            jpeg(TABLE, segment(0xC0, b"\x08\0\x08\0\x08\3")),
            FRAME_AT,
            "a frame header of the wrong length",
        ),
        (jpeg(TABLE, frame(), segment(0xDA)), 84, "a scan header of the wrong length"),
        (jpeg(TABLE, frame(), segment(0xDA, b"\1\1\0")), 84, "a scan header of the wrong length"),
        (jpeg(b"\xff\xe0\0\1"), 2, "a segment of length 1"),
        (jpeg(segment(0xDE)), 2, "the marker FFDE does not belong here"),
        (jpeg(frame(0xC5)), 2, "the marker FFC5 does not belong here"),
        (jpeg(segment(0xF7)), 2, "the marker FFF7 does not belong here"),
        (jpeg(TABLE, frame(), SCAN[:-1], WHOLE), 97, "the marker FFD8 does not belong here"),
        (jpeg(segment(0xFE) * 10_000), 40_002, "more than 10000 segments"),
    ],
    ids=short_id,
)
def test_wrong_structures_are_named(data: bytes, at: int, what: str) -> None:
    assert refusal(data) == ("BrokenImage", f"The JPEG is broken at byte {at}: {what}.")
