"""What each operation makes of a picture."""

from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from collections_app.imaging.operations.colours import in_srgb
from collections_app.imaging.operations.errors import OperationError
from collections_app.imaging.operations.geometry import check_pixels, quadrants, resized
from collections_app.imaging.operations.kinds import (
    Blur,
    Crop,
    Fit,
    Operation,
    Rotate,
    Scale,
    Split,
    Watermark,
)

# How much larger than the result a picture stays where pixels are averaged first.
GAP = 2.0
# The height of a watermark's letters for the shorter side, at least in pixels, and its opacity.
LETTER, SMALLEST_LETTER, OPACITY = 1 / 16, 9, 176

_CLOCKWISE = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def apply(operation: Operation, image: Image.Image, max_pixels: int) -> list[Image.Image]:
    """The picture, or the four, that the operation makes of one; OperationError where it cannot."""
    if isinstance(operation, Scale | Fit):
        return [_resize(operation, image, max_pixels)]
    return _APPLIED[type(operation)](operation, image)


def _resize(operation: Scale | Fit, image: Image.Image, max_pixels: int) -> Image.Image:
    size, box = resized(operation, image.size)
    check_pixels(size, max_pixels)
    if size == image.size and box == (0, 0, *image.size):
        return image
    return image.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=GAP)


def _crop(operation: Crop, image: Image.Image) -> list[Image.Image]:
    right, bottom = operation.left + operation.width, operation.top + operation.height
    if right > image.width or bottom > image.height:
        raise OperationError(
            f"crop lies outside of the picture, which has {image.width} x {image.height} pixels."
        )
    return [image.crop((operation.left, operation.top, right, bottom))]


def _rotate(operation: Rotate, image: Image.Image) -> list[Image.Image]:
    return [image.transpose(_CLOCKWISE[operation.degrees])]


def _blur(operation: Blur, image: Image.Image) -> list[Image.Image]:
    """Three box filters; transparent pixels lend no colour to their neighbours."""
    if image.mode not in ("LA", "RGBA"):
        return [image.filter(ImageFilter.GaussianBlur(operation.sigma))]
    weighted = image.convert({"LA": "La", "RGBA": "RGBa"}[image.mode])
    return [weighted.filter(ImageFilter.GaussianBlur(operation.sigma)).convert(image.mode)]


def _split(operation: Split, image: Image.Image) -> list[Image.Image]:  # noqa: ARG001
    return [image.crop(box) for box in quadrants(image.size)]


def _watermark(operation: Watermark, image: Image.Image) -> list[Image.Image]:
    """White letters with a dark rim, smaller where the line would not fit."""
    image = in_srgb(image)
    letter = max(SMALLEST_LETTER, round(min(image.size) * LETTER))
    rim, edge = max(1, letter // 12), letter // 2
    font = ImageFont.load_default(letter)
    left, top, right, bottom = font.getbbox(operation.text, stroke_width=rim)
    room = image.width - 2 * edge
    if right - left > room and letter > SMALLEST_LETTER:
        letter = max(SMALLEST_LETTER, int(letter * room / (right - left)))
        font = ImageFont.load_default(letter)
        left, top, right, bottom = font.getbbox(operation.text, stroke_width=rim)
    size = (round(right - left), round(bottom - top))
    place = (image.width - size[0] - edge, image.height - size[1] - edge)
    for colour, width in (("black", rim), ("white", 0)):
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).text((-left, -top), operation.text, OPACITY, font, stroke_width=width)
        image.paste(colour, (*place, place[0] + size[0], place[1] + size[1]), mask)
    return [image]


_APPLIED: dict[type, Callable[[Any, Image.Image], list[Image.Image]]] = {
    Crop: _crop,
    Rotate: _rotate,
    Blur: _blur,
    Split: _split,
    Watermark: _watermark,
}
