"""The images that the bench sends: drawn from a seed, of an exact size, each one different.

An image that a server has seen already costs a content-addressed store next to nothing. So no image
is sent twice: JPEGs carry a comment that the load generator numbers (load.h), PNGs, whose chunks
have checksums, are made one by one.
"""

import functools
import io
import random
import struct
import zlib

from PIL import Image

MARK = b"@@@@@@"
PNG_SIZE = 669
_DETAIL = ((4, 0.6), (16, 0.45), (64, 0.3), (256, 0.2))


def scene(width: int, height: int) -> Image.Image:
    """A picture with coarse and fine detail, which compresses like a photograph."""
    noise = random.Random(width * height)
    picture = Image.new("RGB", (width, height), (128, 128, 128))
    for cells, share in _DETAIL:
        size = (max(2, width * cells // 640), max(2, height * cells // 640))
        layer = Image.frombytes("RGB", size, noise.randbytes(size[0] * size[1] * 3))
        layer = layer.resize(picture.size, Image.Resampling.BICUBIC)
        picture = Image.blend(picture, layer, share)
    return picture


def jpeg(size: int, width: int, height: int, quality: int) -> bytes:
    """A JPEG of `size` bytes: the scene, and a comment of MARK and zeros that fills it up.

    The comment begins at byte 6, so that it also begins a group of base64.
    """
    buffer = io.BytesIO()
    scene(width, height).save(buffer, "JPEG", quality=quality)
    start, rest = buffer.getvalue()[:2], buffer.getvalue()[2:]
    comment = MARK.ljust(size - len(start) - 4 - len(rest), b"\0")
    found = start + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + rest
    if len(found) != size:
        raise ValueError(f"{width}x{height} at quality {quality} does not fit in {size} bytes")
    return found


def png(number: int) -> bytes:
    """A PNG of 669 bytes, 20x20, whose text is the number."""
    head, tail = _png_parts()
    text = b"Comment\0" + str(number).encode().rjust(PNG_SIZE - len(head) - len(tail) - 20, b"0")
    chunk = b"tEXt" + text
    framed = struct.pack(">I", len(text)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return head + framed + tail


@functools.cache
def _png_parts() -> tuple[bytes, bytes]:
    """The PNG up to the end chunk, and that chunk."""
    buffer = io.BytesIO()
    scene(20, 20).quantize(32).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()[:-12], buffer.getvalue()[-12:]
