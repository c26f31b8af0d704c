"""inspect(): every format and kind as Pillow sees it, the allow-list, the limit, its costs."""

import io
import tracemalloc

import pytest
from PIL import Image

from collections_app.imaging.structure import ALL_FORMATS, ImageFacts, TooManyPixels, inspect
from tests.collections_app.imaging.structure import builders as build
from tests.collections_app.imaging.structure.refusals import refusal, short_id
from tests.collections_app.imaging.structure.samples import SAMPLES, UNKNOWN_TO_PILLOW, encode

EVERY = "JPEG, PNG, WebP, GIF, TIFF, BMP"


@pytest.mark.parametrize(("name", "kind"), SAMPLES)
def test_whole_images_have_the_size_that_pillow_gives(name: str, kind: str) -> None:
    data = SAMPLES[name, kind]
    size = UNKNOWN_TO_PILLOW.get((name, kind)) or Image.open(io.BytesIO(data)).size
    assert inspect(data) == ImageFacts(name, f"image/{name}", *size)


@pytest.mark.parametrize("name", ALL_FORMATS)
def test_a_format_that_is_switched_off_is_named(name: str) -> None:
    accepted = [other for other in ALL_FORMATS if other != name]
    data = encode(name.upper())
    labels = dict(zip(ALL_FORMATS, EVERY.split(", "), strict=True))
    others = ", ".join(labels[other] for other in accepted)
    detail = f"{labels[name]} is not accepted here; accepted formats are {others}."
    assert refusal(data, formats=accepted) == ("NotAnImage", detail)


@pytest.mark.parametrize(
    "data", [b"hello", b"\0", b"<svg/>", b"\xff\xd9", b"RIFF\4\0\0\0WAVE", b"GIF90a", b"%PDF-1.7"]
)
def test_other_bytes_are_no_image(data: bytes) -> None:
    detail = f"These bytes are no image of an accepted format ({EVERY})."
    assert refusal(data) == ("NotAnImage", detail)


def test_no_bytes_are_no_image() -> None:
    assert refusal(b"", formats=["png", "gif"]) == (
        "NotAnImage",
        "The image is empty; accepted formats are PNG, GIF.",
    )


@pytest.mark.parametrize(
    ("data", "label"),
    [
        (b"\x89PN", "PNG"),
        (b"\xff", "JPEG"),
        (b"RIFF\0", "WebP"),
        (b"GIF8", "GIF"),
        (b"MM\0", "TIFF"),
        (b"BM", "BMP"),
    ],
    ids=short_id,
)
def test_the_first_bytes_of_an_image_are_a_truncated_image(data: bytes, label: str) -> None:
    name, detail = refusal(data)
    assert (name, detail.split(", ")[0]) == (
        "TruncatedImage",
        f"The {label} ends at byte {len(data)}",
    )


@pytest.mark.parametrize("name", ALL_FORMATS)
def test_the_pixel_limit_is_inclusive(name: str) -> None:
    data = encode(name.upper())
    assert inspect(data, max_pixels=19 * 13) == ImageFacts(name, f"image/{name}", 19, 13)
    with pytest.raises(TooManyPixels) as caught:
        inspect(data, max_pixels=19 * 13 - 1)
    error = caught.value
    assert (error.width, error.height, error.limit) == (19, 13, 246)
    assert error.detail == "The image has 19 x 13 pixels; at most 246 pixels are accepted."


def test_a_bomb_is_refused_by_its_header() -> None:
    data = build.png(build.header(13_000, 13_000), build.DATA, build.END)
    detail = "The image has 13000 x 13000 pixels; at most 25000000 pixels are accepted."
    assert refusal(data) == ("TooManyPixels", detail)


@pytest.mark.parametrize("wrap", [memoryview, lambda data: memoryview(data).cast("c")])
def test_a_view_of_the_bytes_will_do(wrap: type[memoryview]) -> None:
    data = encode("PNG")
    assert inspect(wrap(data)) == inspect(data)


def large() -> dict[str, bytes]:
    """An image of 4 MiB of each format."""
    body = bytes(4 << 20)
    blocks = (b"\xff" + bytes(255)) * (len(body) // 256)
    return {
        "jpeg": build.jpeg(build.TABLE, build.frame(), build.SCAN, body),
        "png": build.png(build.header(), build.chunk(b"IDAT", body), build.END),
        "webp": build.webp(
            build.canvas(4, 4), build.lossless(4, 4), build.riff_chunk(b"EXIF", body)
        ),
        "gif": build.gif(build.gif_picture()[:-1], blocks, b"\0;"),
        "bmp": build.bmp(1024, 1024, bits=32, data=body),
        "tiff": build.tiff(build.page(2048, 2048, size=len(body))) + body,
    }


@pytest.mark.parametrize(("name", "data"), large().items())
def test_the_body_is_never_copied(name: str, data: bytes) -> None:
    tracemalloc.start()
    try:
        facts = inspect(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert facts.format == name
    assert peak < 64 * 1024
