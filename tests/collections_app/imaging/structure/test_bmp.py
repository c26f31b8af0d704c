"""BMP: truncation at every byte, sizes, wrong structures."""

import pytest

from collections_app.imaging.structure import ImageFacts, TruncatedImage, inspect
from tests.collections_app.imaging.structure.builders import bmp
from tests.collections_app.imaging.structure.refusals import refusal, short_id
from tests.collections_app.imaging.structure.samples import BMP


@pytest.mark.parametrize("kind", BMP)
def test_every_truncation_is_found(kind: str) -> None:
    whole = BMP[kind]
    for length in range(1, len(whole)):
        with pytest.raises(TruncatedImage) as caught:
            inspect(whole[:length])
        assert caught.value.offset == length
        assert caught.value.detail.startswith(f"The BMP ends at byte {length}, ")


def test_the_detail_says_where_the_pixels_should_end() -> None:
    detail = "The BMP ends at byte 77, before byte 78, where its pixel data ends."
    assert refusal(bmp(3, 2)[:-1]) == ("TruncatedImage", detail)


def test_what_follows_the_pixels_is_not_looked_at() -> None:
    assert inspect(bmp(3, 2) + b"profile") == ImageFacts("bmp", "image/bmp", 3, 2)


def test_a_height_below_zero_is_limited_too() -> None:
    detail = "The image has 9 x 9 pixels; at most 80 pixels are accepted."
    assert refusal(bmp(9, -9), max_pixels=80) == ("TooManyPixels", detail)


@pytest.mark.parametrize(
    ("data", "at", "what"),
    [
        (bmp(header_size=41), 14, "a header of 41 bytes"),
        (bmp(0, 2), 18, "its size is 0 x 2 pixels"),
        (bmp(-3, 2, data=b""), 18, "its size is -3 x 2 pixels"),
        (bmp(3, 0), 18, "its size is 3 x 0 pixels"),
        (bmp(planes=2), 14, "2 colour planes"),
        (bmp(bits=0, compression=4), 14, "a JPEG inside a BMP is not accepted"),
        (bmp(bits=0, compression=5), 14, "a PNG inside a BMP is not accepted"),
        (bmp(bits=7), 14, "compression 0 with 7 bits a pixel"),
        (bmp(bits=24, compression=1), 14, "compression 1 with 24 bits a pixel"),
        (bmp(bits=24, compression=4, header_size=64), 14, "compression 4 with 24 bits a pixel"),
        (bmp(bits=16, header_size=64), 14, "compression 0 with 16 bits a pixel"),
        (bmp(3, -2, bits=8, compression=1), 14, "compressed data cannot be top-down"),
        (bmp(offset=53), 10, "its pixel data begins inside its header"),
    ],
    ids=short_id,
)
def test_wrong_structures_are_named(data: bytes, at: int, what: str) -> None:
    assert refusal(data) == ("BrokenImage", f"The BMP is broken at byte {at}: {what}.")
