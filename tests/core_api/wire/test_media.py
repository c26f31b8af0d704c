"""Media types and content-formats."""

import pytest

from core_api.wire import media

TABLE = [
    ("text/plain;charset=utf-8", 0),
    ("application/link-format", 40),
    ("application/octet-stream", 42),
    ("application/json", 50),
    ("application/merge-patch+json", 52),
    ("application/cbor", 60),
    ("application/cbor-seq", 63),
    ("image/gif", 21),
    ("image/jpeg", 22),
    ("image/png", 23),
    ("application/senml+json", 110),
    ("application/senml+cbor", 112),
    ("application/concise-problem-details+cbor", 257),
]


@pytest.mark.parametrize(("media_type", "number"), TABLE)
def test_table_both_ways(media_type: str, number: int) -> None:
    assert (media.content_format(media_type), media.media_type(number)) == (number, media_type)


@pytest.mark.parametrize(
    ("media_type", "number"),
    [
        ("IMAGE/JPEG", 22),
        ("application/json; charset=utf-8", 50),
        ("text/plain", 0),
        ("text/plain; format=flowed", 0),
        ('Text/Plain; Charset="UTF-8"', 0),
        ("text/plain; charset=iso-8859-1", 42),
        ("image/webp", 42),
        ("image/tiff", 42),
        ("text/html", 42),
        ("", 42),
    ],
)
def test_content_format(media_type: str, number: int) -> None:
    assert media.content_format(media_type) == number


@pytest.mark.parametrize("number", [-1, 1, 65535])
def test_unused_content_format(number: int) -> None:
    assert media.media_type(number) is None


@pytest.mark.parametrize(
    ("media_type", "extension"),
    [
        ("image/jpeg", "jpg"),
        ("image/png", "png"),
        ("Image/WebP; x=1", "webp"),
        ("image/bmp", "bmp"),
        ("application/json", "bin"),
        ("", "bin"),
    ],
)
def test_extension(media_type: str, extension: str) -> None:
    assert media.extension(media_type) == extension


@pytest.mark.parametrize(
    ("content_type", "base"),
    [("Image/JPEG; q=1", "image/jpeg"), (" a/b ;c", "a/b"), (";", ""), ("", "")],
)
def test_base_type(content_type: str, base: str) -> None:
    assert media.base_type(content_type) == base
