"""TIFF and BigTIFF: truncation, every page, wrong structures."""

import struct

import pytest

from collections_app.imaging.structure import ImageFacts, TruncatedImage, inspect
from tests.collections_app.imaging.structure.builders import page, tiff, without
from tests.collections_app.imaging.structure.refusals import refusal, short_id
from tests.collections_app.imaging.structure.samples import TIFF, encode

NO_STRIPS = without(page(3, 2), 273, 279)
THREE_STRIPS = [*NO_STRIPS, (273, 4, (1, 2, 3)), (279, 4, (1, 1, 1))]
TILES = [*NO_STRIPS, (324, 3, (8,)), (325, 3, (6,))]


def looped() -> bytes:
    """Two pages of which the second is followed by the first."""
    return tiff(page(3, 2), page(3, 2), last=8)


def many_pages() -> bytes:
    return tiff(*[page(3, 2)] * 1001)


def many_strips() -> bytes:
    """A page of 500,001 strips whose offsets and counts are not even there."""
    field = struct.pack("<HHII", 273, 4, 500_001, 8)
    size = struct.pack("<HHIIHHII", 256, 3, 1, 3, 257, 3, 1, 2)
    return b"II*\0" + struct.pack("<IH", 8, 3) + size + field + bytes(4)


def test_every_truncation_of_a_file_that_ends_with_its_directory() -> None:
    whole = encode("TIFF", compression="tiff_lzw")
    (directory,) = struct.unpack_from("<I", whole, 4)
    assert directory > 100
    for length in range(1, len(whole)):
        with pytest.raises(TruncatedImage) as caught:
            inspect(whole[:length])
        assert caught.value.offset == length
        assert caught.value.detail.startswith(f"The TIFF ends at byte {length}, ")


@pytest.mark.parametrize("kind", TIFF)
def test_every_file_without_its_second_half_is_truncated(kind: str) -> None:
    whole = TIFF[kind]
    assert refusal(whole[: len(whole) // 2])[0] == "TruncatedImage"


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (tiff(page(9, 9))[:7], "inside its header"),
        (tiff(last=1000), "before its page at byte 1000"),
        (tiff(page(3, 2), last=1000), "before its page at byte 1000"),
        (tiff(page(3, 2))[:50], "inside a page's directory"),
        (tiff(page(3, 2, offset=117)), "before byte 123, where its last strip or tile ends"),
        (tiff(THREE_STRIPS)[:-1], "before the values of tag 279"),
    ],
    ids=short_id,
)
def test_the_detail_says_where_it_ends(data: bytes, where: str) -> None:
    detail = f"The TIFF ends at byte {len(data)}, {where}."
    assert refusal(data) == ("TruncatedImage", detail)


def test_the_first_page_gives_the_size() -> None:
    assert inspect(tiff(page(3, 2), page(5, 4))) == ImageFacts("tiff", "image/tiff", 3, 2)


def test_every_page_is_limited() -> None:
    detail = "The image has 9 x 9 pixels; at most 80 pixels are accepted."
    for data in (tiff(page(9, 9)), tiff(page(3, 2), page(9, 9))):
        assert refusal(data, max_pixels=80) == ("TooManyPixels", detail)


def test_the_first_of_repeated_tags_counts() -> None:
    data = tiff([*page(3, 2), (256, 3, (5,))])
    assert inspect(data) == ImageFacts("tiff", "image/tiff", 3, 2)


@pytest.mark.parametrize(
    ("data", "at", "what"),
    [
        (tiff(), 4, "no page"),
        (looped(), 8, "its pages form a loop"),
        (many_pages(), 8 + 114 * 1000, "more than 1000 pages"),
        (tiff([(700, 1, (0,))] * 513), 8, "a page with 513 tags"),
        (many_strips(), 8, "more than 500000 strips or tiles"),
        (tiff(without(page(3, 2), 256)), 8, "its size is 0 x 2 pixels"),
        (tiff(without(page(3, 2), 257)), 8, "its size is 3 x 0 pixels"),
        (tiff([(256, 2, (3,))]), 8, "tag 256 has type 2"),
        (tiff([(258, 3, (0,)), *page(3, 2)]), 8, "0 bits a sample"),
        (tiff([(258, 3, (129,)), *page(3, 2)]), 8, "129 bits a sample"),
        (tiff(NO_STRIPS), 8, "a page whose 1 strips or tiles are not all given"),
        (
            tiff(without(page(3, 2), 279)),
            8,
            "a page whose 1 strips or tiles are not all given",
        ),
        (
            tiff([(278, 3, (1,)), *page(3, 2)]),
            8,
            "a page whose 2 strips or tiles are not all given",
        ),
        (
            tiff([(277, 3, (3,)), (284, 3, (2,)), *page(3, 2)]),
            8,
            "a page whose 3 strips or tiles are not all given",
        ),
        (tiff([(278, 3, (0,)), *page(3, 2)]), 8, "its strips or tiles have no size"),
        (tiff(TILES), 8, "its strips or tiles have no size"),
        (
            tiff([*TILES, (322, 3, (2,)), (323, 3, (1,))]),
            8,
            "a page whose 4 strips or tiles are not all given",
        ),
        (
            b"II+\0\4\0\0\0" + bytes(8),
            4,
            "a BigTIFF header with another pointer size than 8",
        ),
    ],
    ids=short_id,
)
def test_wrong_structures_are_named(data: bytes, at: int, what: str) -> None:
    assert refusal(data) == ("BrokenImage", f"The TIFF is broken at byte {at}: {what}.")
