"""Pictures with something to recognise in them, and the results of chains as pictures."""

import io
from typing import Any

from PIL import Image

from collections_app.imaging.operations.pipeline import run

LIMIT = 25_000_000
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 40), (30, 40, 220), (230, 220, 30)
CORNERS = (RED, GREEN, BLUE, YELLOW)


def quarters(size: tuple[int, int] = (80, 60), mode: str = "RGB") -> Image.Image:
    """Red, green, blue and yellow: left-top, right-top, left-bottom, right-bottom."""
    image = Image.new("RGB", size)
    width, height = size[0] // 2, size[1] // 2
    for number, colour in enumerate(CORNERS):
        left, top = (number % 2) * width, (number // 2) * height
        image.paste(colour, (left, top, left + width, top + height))
    return image.quantize(16) if mode == "P" else image.convert(mode)


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def drawn(data: bytes, *chain: str, limit: int = LIMIT) -> Image.Image:
    """The one result of a chain."""
    (picture,) = run(data, list(chain), limit).pictures
    image = opened(picture.data)
    assert image.size == (picture.width, picture.height)
    assert Image.MIME[str(image.format)] == picture.media_type
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quadrants."""
    plain = image.convert("RGB")
    columns, rows = (
        (image.width // 4, image.width * 3 // 4),
        (image.height // 4, image.height * 3 // 4),
    )
    return [plain.getpixel((x, y)) for y in rows for x in columns]  # type: ignore[misc]


def alike(colour: tuple[int, ...], other: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(one - two) <= by for one, two in zip(colour, other, strict=True))


def show(image: Image.Image, *expected: tuple[int, int, int]) -> bool:
    """Whether the quadrants have these colours."""
    return all(alike(one, two) for one, two in zip(corners(image), expected, strict=True))
