"""From bytes to a picture: the first frame, upright, with 8 bits a channel."""

import io
import warnings
from collections.abc import Callable

from PIL import Image

from collections_app.imaging.operations.errors import Undecodable
from collections_app.imaging.operations.geometry import Size

# Pillow's names of the formats that are stored; any other decoder stays shut.
READ = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
# Sizes are checked against our own limit before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = None
# A JPEG is decoded at 1/2, 1/4 or 1/8 as long as it stays so many times larger than what is wanted.
GAP = 2
ORIENTATION = 0x0112

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_KEPT = ("L", "LA", "RGB", "RGBA", "CMYK")
_HIGH_BYTE = [value >> 8 for value in range(65536)]


def decode(data: bytes, max_pixels: int, target: Callable[[Size], Size | None]) -> Image.Image:
    """The first frame, turned as EXIF says; its colour profile is in `info["icc_profile"]`.

    `target` tells from the full upright size which size is enough, None for the full one.
    Undecodable for bytes that are no picture, or one of more than `max_pixels`.
    """
    try:
        return _decoded(data, max_pixels, target)
    except (MemoryError, Undecodable):
        raise
    except Exception as error:
        # Decoders raise whatever hostile bytes lead them to.
        raise Undecodable(f"The image cannot be decoded: {error}") from error


def _decoded(data: bytes, max_pixels: int, target: Callable[[Size], Size | None]) -> Image.Image:
    with warnings.catch_warnings():
        # What is wrong with EXIF and the like is nothing to us.
        warnings.simplefilter("ignore")
        image: Image.Image = Image.open(io.BytesIO(data), formats=READ)
        if image.width * image.height > max_pixels:
            raise Undecodable(f"The image has more than {max_pixels} pixels.")
        _reduce(image, target)
        image.load()
        return _plain(_upright(image))


def _reduce(image: Image.Image, target: Callable[[Size], Size | None]) -> None:
    """Have a JPEG decoded smaller (libjpeg's scaled inverse DCT) where that is enough."""
    turned = _orientation(image) in (5, 6, 7, 8) if image.format in ("JPEG", "MPO") else False
    wanted = target((image.height, image.width) if turned else image.size)
    if wanted is not None:
        width, height = reversed(wanted) if turned else wanted
        image.draft(None, (width * GAP, height * GAP))


def _upright(image: Image.Image) -> Image.Image:
    method = _UPRIGHT.get(_orientation(image))
    return image if method is None else image.transpose(method)


def _orientation(image: Image.Image) -> int:
    """The orientation of EXIF, 1 where there is none or where EXIF is damaged."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - what is said of a good picture may be bad in any way
        return 1


def _plain(image: Image.Image) -> Image.Image:
    """One of the modes that all operations know; a transparent colour becomes alpha."""
    mode = image.mode
    if mode == "F":
        return _spread(image)
    if mode == "I" or mode.startswith("I;16"):
        return image.convert("I").point(_HIGH_BYTE, "L")
    if mode in ("PA", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if mode in _KEPT:
        return image
    return image.convert({"1": "L", "La": "LA"}.get(mode, "RGB"))


def _spread(image: Image.Image) -> Image.Image:
    """Floating point has no range of its own: the least becomes black, the greatest white."""
    least, greatest = image.getextrema()
    assert isinstance(least, float)
    assert isinstance(greatest, float)
    factor = 255 / (greatest - least) if greatest > least else 0.0
    return image.point(lambda value: value * factor - least * factor).convert("L")
