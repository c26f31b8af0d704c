"""From a picture to bytes, with nothing in them but the picture."""

import io
from typing import Any

from PIL import Image, TiffImagePlugin

from collections_app.imaging.operations.colours import in_srgb, over_background
from collections_app.imaging.operations.kinds import Convert

# The seconds of a variant are few: each encoder works at a speed that suits them.
_OPTIONS: dict[str, dict[str, Any]] = {
    "jpeg": {"optimize": True},
    "png": {"compress_level": 6},
    "webp": {"method": 4},
    "avif": {"speed": 8, "max_threads": 1},
    "gif": {},
    "tiff": {"compression": "tiff_adobe_deflate"},
}
_JXL_EFFORT = 3
_NO_ALPHA = ("jpeg",)
_NO_GREY = ("webp", "avif")


def encode(image: Image.Image, target: Convert) -> bytes:
    """The picture in the target's format: in sRGB, without EXIF, place or comments.

    Where the format knows no alpha the picture stands on a white background.
    """
    image = in_srgb(image)
    if target.format in _NO_ALPHA:
        image = over_background(image)
    if target.format in _NO_GREY and image.mode in ("L", "LA"):
        image = image.convert("RGB" if image.mode == "L" else "RGBA")
    if target.format == "jxl":
        return _jxl(image, target.quality)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        # Such a file brings tags along, which its writer copies.
        image = image.copy()
    image.info = {}
    options = dict(_OPTIONS[target.format])
    if target.quality:
        options["quality"] = target.quality
    buffer = io.BytesIO()
    image.save(buffer, target.format.upper(), **options)
    return buffer.getvalue()


def _jxl(image: Image.Image, quality: int) -> bytes:
    """JPEG XL, at the distance (Butteraugli) that libjxl's own tools take for a quality."""
    import imagecodecs
    import numpy as np

    distance = 0.1 + (100 - quality) * 0.09
    pixels = np.asarray(image)
    if quality == 100:
        encoded = imagecodecs.jpegxl_encode(pixels, lossless=True, effort=_JXL_EFFORT)
    else:
        encoded = imagecodecs.jpegxl_encode(pixels, distance=distance, effort=_JXL_EFFORT)
    return bytes(encoded)
