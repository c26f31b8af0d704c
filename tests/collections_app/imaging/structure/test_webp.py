"""WebP: truncation at every byte, sizes of canvas, frames and pictures, wrong structures."""

import pytest

from collections_app.imaging.structure import ImageFacts, TruncatedImage, inspect
from tests.collections_app.imaging.structure.builders import (
    animation_frame,
    canvas,
    lossless,
    lossy,
    riff_chunk,
    webp,
)
from tests.collections_app.imaging.structure.refusals import refusal, short_id
from tests.collections_app.imaging.structure.samples import WEBP

ANIMATED = 2
ALPHA = riff_chunk(b"ALPH", b"\0")


@pytest.mark.parametrize("kind", WEBP)
def test_every_truncation_is_found(kind: str) -> None:
    whole = WEBP[kind]
    end = 8 + int.from_bytes(whole[4:8], "little")
    assert end == len(whole)
    for length in range(1, len(whole)):
        with pytest.raises(TruncatedImage) as caught:
            inspect(whole[:length])
        assert caught.value.offset == length
        where = "inside its RIFF header"
        if length >= 12:
            where = f"before byte {end}, where its RIFF header says it ends"
        assert caught.value.detail == f"The WebP ends at byte {length}, {where}."


@pytest.mark.parametrize(
    "whole",
    [
        webp(lossy(5, 7)),
        webp(lossless(5, 7)) + b"trailing",
        webp(lossy(5 | 1 << 14, 7 | 3 << 14)),
        webp(canvas(5, 7), riff_chunk(b"ICCP", b"odd"), ALPHA, lossy(5, 7)),
        webp(canvas(5, 7, flags=ANIMATED), animation_frame(0, 0, 5, 7, lossless(5, 7))),
        webp(canvas(5, 7, flags=ANIMATED), animation_frame(1, 2, 3, 3, ALPHA, lossy(3, 3))),
    ],
    ids=short_id,
)
def test_sizes(whole: bytes) -> None:
    assert inspect(whole) == ImageFacts("webp", "image/webp", 5, 7)


def test_the_largest_canvas() -> None:
    whole = webp(canvas(2**24, 2**24, flags=ANIMATED), animation_frame(0, 0, 1, 1, lossless(1, 1)))
    facts = ImageFacts("webp", "image/webp", 2**24, 2**24)
    assert inspect(whole, max_pixels=2**48) == facts


def test_the_canvas_and_each_picture_are_limited() -> None:
    large = (9, 9)
    detail = "The image has 9 x 9 pixels; at most 80 pixels are accepted."
    for data in (webp(canvas(*large)), webp(lossy(*large)), webp(canvas(4, 4), lossless(*large))):
        assert refusal(data, max_pixels=80) == ("TooManyPixels", detail)


def animation(*chunks: bytes) -> bytes:
    return webp(canvas(5, 7, flags=ANIMATED), *chunks)


@pytest.mark.parametrize(
    ("data", "at", "what"),
    [
        (b"RIFF\4\0\0\0WEBP", 4, "a RIFF size of 4 bytes"),
        (webp(riff_chunk(b"ALPH", b"\0\0")), 12, "the first chunk is neither VP8, VP8L nor VP8X"),
        (webp(lossy(0, 7)), 20, "its size is 0 x 7 pixels"),
        (webp(lossy(5, 7, tag=1)), 20, "a VP8 chunk without a key frame"),
        (webp(lossy(5, 7, code=b"\x9d\x01\x2b")), 20, "a VP8 chunk without a key frame"),
        (webp(lossy(5, 7, tag=1 << 5)), 20, "the first VP8 partition goes past its chunk"),
        (webp(lossless(5, 7, signature=0x2E)), 20, "a VP8L chunk of an unknown version"),
        (webp(lossless(5, 7, version=1)), 20, "a VP8L chunk of an unknown version"),
        (webp(riff_chunk(b"VP8L", b"\x2f")), 20, "a chunk that is too short for its header"),
        (webp(riff_chunk(b"VP8X", b"\0")), 20, "a chunk that is too short for its header"),
        (webp(canvas(5, 7)), 30, "no picture up to its end"),
        (webp(canvas(5, 7), animation_frame(0, 0, 5, 7)), 54, "no picture up to its end"),
        (webp(canvas(5, 7), lossy(7, 5)), 38, "the picture and the canvas differ in size"),
        (webp(canvas(5, 7), b"ICCP"), 30, "no room for a chunk header"),
        (
            webp(canvas(5, 7), b"ICCP\1\0\0\0"),
            30,
            "a chunk goes past the end of what holds it",
        ),
        (
            animation(animation_frame(1, 0, 4, 7, lossy(4, 7))),
            38,
            "an animation frame outside the canvas",
        ),
        (
            animation(animation_frame(0, 1, 5, 6, lossy(5, 6))),
            38,
            "an animation frame outside the canvas",
        ),
        (animation(animation_frame(0, 0, 5, 7)), 38, "an animation frame without a picture"),
        (
            animation(animation_frame(0, 0, 5, 7, ALPHA)),
            38,
            "an animation frame without a picture",
        ),
        (
            animation(animation_frame(0, 0, 5, 7, lossy(5, 6))),
            38,
            "an animation frame and its picture differ in size",
        ),
        (
            animation(animation_frame(0, 0, 5, 7, lossy(5, 7)[:-2])),
            54,
            "a chunk goes past the end of what holds it",
        ),
        (
            webp(canvas(5, 7), riff_chunk(b"none", b"") * 100_000),
            800_022,
            "more than 100000 chunks",
        ),
    ],
    ids=short_id,
)
def test_wrong_structures_are_named(data: bytes, at: int, what: str) -> None:
    assert refusal(data) == ("BrokenImage", f"The WebP is broken at byte {at}: {what}.")
