"""Arrays of samples as lossless WebP or JPEG XL, whichever is smaller.

The two are good at different things: WebP repeats what it has seen (graphics, text), JPEG XL
predicts (photographs, 16 bits). How many bits a pixel takes in a quick try tells which is worth its
time.
"""

import io
from collections.abc import Iterator
from typing import Literal

import imagecodecs
import numpy as np
from PIL import Image

from collections_app.imaging.compression.parts import Samples

Codec = Literal["webp", "jxl"]

# Up to this many pixels both are tried, and JPEG XL as hard as it can; then up to that many.
TINY, SMALL = 1 << 14, 1 << 16
MOST_WEBP = 16_383
# Bits a pixel of the quick try: from here on JPEG XL may win, from there on it does.
DENSE, PHOTOGRAPHIC = 1.5, 5.0
# Efforts of JPEG XL. For photographs 6 takes half as long again as 5, and gains 3 %.
QUICK, FAIR, GOOD, BEST = 1, 5, 6, 9


def encode(samples: Samples) -> tuple[Codec, bytes]:
    """The smaller encoding of some samples."""
    return min(_tries(samples), key=lambda one: len(one[1]))


def decode(codec: str, data: bytes, channels: int) -> Samples:
    """The samples again, as (rows, columns, channels)."""
    if codec == "jxl":
        found = np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1))
        return found.reshape(*found.shape[:2], channels)
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
        pixels = np.asarray(image.convert("RGB" if channels in (1, 3) else "RGBA"))
    if channels > 2:
        return pixels
    return np.ascontiguousarray(pixels[..., 1::2] if channels == 2 else pixels[..., :1])


def encode_visual(samples: Samples, quality: int) -> bytes:
    """Samples of 8 or 16 bits as JPEG XL that looks the same at a quality of 1 to 100."""
    return bytes(imagecodecs.jpegxl_encode(_flat(samples), level=quality, effort=5, numthreads=1))


def _tries(samples: Samples) -> Iterator[tuple[Codec, bytes]]:
    rows, columns, _ = samples.shape
    pixels = rows * columns
    if samples.dtype == np.uint16 or max(rows, columns) > MOST_WEBP:
        yield "jxl", _jxl(samples, GOOD)
    elif pixels <= SMALL:
        yield "webp", _webp(samples, 100, 4)
        yield "jxl", _jxl(samples, BEST if pixels <= TINY else GOOD)
    else:
        quick = _jxl(samples, QUICK)
        yield "jxl", quick
        density = 8 * len(quick) / pixels
        if density >= DENSE:
            yield "jxl", _jxl(samples, FAIR if density > PHOTOGRAPHIC else GOOD)
        if density <= PHOTOGRAPHIC:
            yield "webp", _webp(samples, 50, 3)


def _jxl(samples: Samples, effort: int) -> bytes:
    encoded = imagecodecs.jpegxl_encode(
        _flat(samples), lossless=True, effort=effort, usecontainer=False, numthreads=1
    )
    return bytes(encoded)


def _flat(samples: Samples) -> Samples:
    """One channel as (rows, columns), as JPEG XL wants it."""
    return samples[..., 0] if samples.shape[2] == 1 else samples


def _webp(samples: Samples, quality: int, method: int) -> bytes:
    """Lossless WebP; one channel goes in as three equal ones, which WebP finds for itself.

    `quality` and `method` are how long it searches, 0 to 100 and 0 to 6.
    """
    channels = samples.shape[2]
    pixels = np.take(samples, _CHANNELS[channels], axis=2)
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.save(buffer, "WEBP", lossless=True, quality=quality, method=method, exact=True)
    return buffer.getvalue()


_CHANNELS = {1: [0, 0, 0], 2: [0, 0, 0, 1], 3: [0, 1, 2], 4: [0, 1, 2, 3]}
