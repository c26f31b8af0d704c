"""compress() and restore(): which method an image is given to, and the proof that it comes back.

encoding                the stored file                                      what comes back
jxl-jpeg                JPEG XL with what rebuilds the JPEG                  the same bytes
zstd                    Zstandard                                            the same bytes
webp-exact, jxl-exact   container.py: the file taken apart, its samples as   the same bytes
                        lossless WebP or JPEG XL
webp, jxl               the same                                             the same samples and
                                                                             metadata
jxl-visual              the same, its samples as lossy JPEG XL               what looks the same
jxl-jpeg-visual         as jxl-jpeg, of a JPEG encoded anew                  what looks the same
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import zstandard
from PIL import Image

from collections_app.imaging.compression import (
    bmp,
    bytewise,
    container,
    gif,
    jpeg,
    png,
    samples,
    tiff,
    webp,
)
from collections_app.imaging.compression.errors import NotRestorable, Unsuitable
from collections_app.imaging.compression.outcomes import Encoded, Kept, Policy
from collections_app.imaging.compression.parts import Format, Parts

EXACT = frozenset(("raw", "jxl-jpeg", "zstd", "webp-exact", "jxl-exact"))
JPEG = "image/jpeg"
# The number is written in stored files: it must never change.
FORMATS = {
    1: Format("image/png", png.split, png.join),
    2: Format("image/bmp", bmp.split, bmp.join),
    3: Format("image/gif", gif.split, gif.join),
    4: Format("image/tiff", tiff.split, tiff.join),
    5: Format("image/webp", webp.split, webp.join),
}
# Where only Zstandard is left: the share of the bytes it must save to be worth restoring.
WORTH = 0.05
# A lossy encoding may change a sample by this share of the range, as the root of the mean square.
MOST_CHANGE = 0.1
# What decoders raise about bytes that they do not take; imagecodecs' errors are RuntimeErrors.
REFUSALS = (
    *(Unsuitable, OSError, ValueError, RuntimeError, SyntaxError, EOFError, LookupError),
    *(ArithmeticError, struct.error, zlib.error, zstandard.ZstdError, Image.DecompressionBombError),
)

DECODED = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")

Method = Callable[[], Encoded]


def compress(data: bytes, media_type: str, policy: Policy) -> Encoded | Kept:
    """The smallest encoding that `policy` allows, proven by a restoration, or why there is none.

    The structure of `data` was verified before. It is decoded here, by C code: call this where its
    memory and time are bounded.
    """
    reasons = []
    for method in _methods(data, media_type, policy):
        try:
            found = method()
        except (*REFUSALS, MemoryError) as error:
            reasons.append(str(error) or type(error).__name__)
            continue
        if len(found.data) < len(data):
            return found
        reasons.append(f"{found.encoding} is not smaller")
    return _last_resort(data, reasons)


def restore(encoding: str, data: bytes, media_type: str) -> bytes:
    """The file of the original's media type that was stored as `data`; raises NotRestorable.

    The same stored bytes always give the same file, as long as the libraries are the same.
    """
    try:
        return _restored(encoding, data)
    except REFUSALS as error:
        raise NotRestorable(f"{media_type} from {encoding}: {error}") from error


def is_exact(encoding: str) -> bool:
    """Whether restore() gives the bytes of the original, and not only its pixels."""
    return encoding in EXACT


def _methods(data: bytes, media_type: str, policy: Policy) -> Iterator[Method]:
    """What to try, in this order."""
    visual = policy.fidelity == "visual"
    if media_type == JPEG:
        if visual:
            yield partial(_jpeg_visual, data, policy.quality)
        yield partial(_jpeg, data)
    elif policy.fidelity != "bytes":
        for number, form in FORMATS.items():
            if form.media_type == media_type:
                yield partial(_taken_apart, data, number, policy.quality if visual else None)


def _jpeg(data: bytes) -> Encoded:
    return Encoded("jxl-jpeg", jpeg.encode(data))


def _jpeg_visual(data: bytes, quality: int) -> Encoded:
    encoded = jpeg.encode(jpeg.coarser(data, quality))
    if len(encoded) >= len(jpeg.encode(data)):
        raise Unsuitable("at this quality it is not smaller")
    return Encoded("jxl-jpeg-visual", encoded)


def _taken_apart(data: bytes, number: int, quality: int | None) -> Encoded:
    """The image in a container, lossy where a quality is given and its samples allow it."""
    form = FORMATS[number]
    parts = form.split(data)
    if quality is not None and parts.photographic:
        codec, encoded = "jxl-visual", samples.encode_visual(parts.samples, quality)
    else:
        codec, encoded = samples.encode(parts.samples)
    packed = container.pack(number, parts.samples.shape[2], parts.rest, encoded)
    restored = _restored(codec, packed)
    again = form.split(restored)
    if codec == "jxl-visual":
        _check_likeness(parts, again)
    elif not parts.equals(again):
        raise Unsuitable("its samples do not come back")
    return Encoded(f"{codec}-exact" if restored == data else codec, packed)


def _check_likeness(parts: Parts, again: Parts) -> None:
    """Refuse an encoding of other samples than these."""
    if not parts.says_as(again) or parts.samples.shape != again.samples.shape:
        raise Unsuitable("its metadata do not come back")
    change = parts.samples.astype(np.float32) - again.samples
    if np.sqrt(np.mean(change**2)) > MOST_CHANGE * np.iinfo(parts.samples.dtype).max:
        raise Unsuitable("lossy encoding changes too much")


def _last_resort(data: bytes, reasons: list[str]) -> Encoded | Kept:
    """Zstandard where it pays; else, and where nobody could read the image, it is kept."""
    if not _is_decodable(data):
        return Kept("; ".join([*reasons, "its pixels cannot be read"]), decodable=False)
    packed = bytewise.encode(data)
    if len(packed) <= len(data) * (1 - WORTH) and bytewise.decode(packed) == data:
        return Encoded("zstd", packed)
    reasons.append("zstd saves too little")
    return Kept("; ".join(reasons), decodable=True)


def _is_decodable(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data), formats=DECODED) as image:
            image.load()
    except REFUSALS:
        return False
    return True


def _restored(encoding: str, data: bytes) -> bytes:
    if encoding in ("jxl-jpeg", "jxl-jpeg-visual"):
        return jpeg.decode(data)
    if encoding == "zstd":
        return bytewise.decode(data)
    codec, _, kind = encoding.partition("-")
    if codec not in ("webp", "jxl") or kind not in ("", "exact", "visual"):
        raise NotRestorable(f"no encoding {encoding!r}")
    number, channels, rest, encoded = container.unpack(data)
    if number not in FORMATS:
        raise NotRestorable(f"no format {number}")
    return FORMATS[number].join(samples.decode(codec, encoded, channels), rest)
