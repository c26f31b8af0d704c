"""PNG (W3C PNG third edition): samples at native depth; every chunk but IDAT is kept as it is.

The rest is IHDR's data, then for each further chunk the length of its data as a varint, its type
and its data; IDAT stands there once, empty, and after IEND come the bytes that follow it, if any.
What is put together is not interlaced; otherwise all chunks are the same, those of animations too.
"""

import io
import struct
import zlib

import imagecodecs
import numpy as np
from PIL import Image

from collections_app.imaging.compression import varint
from collections_app.imaging.compression.errors import Unsuitable
from collections_app.imaging.compression.parts import Parts, Samples

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = struct.Struct(">IIBBBBB")
CHUNK = struct.Struct(">I4s")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PALETTE = 3
INTERLACE = HEADER.size - 1
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
# Deflating photographs at level 6 takes three times as long as at 3, and gains little.
GRAPHIC_LEVEL, PHOTOGRAPHIC_LEVEL = 6, 3
PHOTOGRAPHIC_BITS = 4.0


def split(data: bytes) -> Parts:
    """The samples of IDAT, palette indices and small depths unscaled; raises Unsuitable."""
    header, pixels, rest, animated = _chunks(data)
    width, height, depth, colour, *_, interlaced = HEADER.unpack(header)
    if animated and interlaced:
        raise Unsuitable("interlaced animations are not taken apart")
    samples = _decode(header, pixels)
    if samples.shape != (height, width, CHANNELS[colour]):
        raise Unsuitable("its samples do not have the shape that its header says")
    photographic = depth >= 8 and colour != PALETTE
    return Parts(samples, header[:INTERLACE] + b"\0" + rest, photographic)


def join(samples: Samples, rest: bytes) -> bytes:
    """The PNG file of some samples and chunks."""
    header, at, found = rest[: HEADER.size], HEADER.size, [SIGNATURE]
    found.append(_chunk(b"IHDR", header))
    kind = b""
    while kind != b"IEND":
        length, at = varint.read(rest, at)
        kind = rest[at : at + 4]
        at += 4 + length
        pixels = _encode(header, samples) if kind == b"IDAT" else rest[at - length : at]
        found.append(_chunk(kind, pixels))
    return b"".join([*found, rest[at:]])


def _chunks(data: bytes) -> tuple[bytes, bytes, bytes, bool]:
    """IHDR's data, that of all IDAT chunks, the rest after IHDR, and whether it is animated."""
    header, at = data[16 : 16 + HEADER.size], 16 + HEADER.size + 4
    pixels: list[bytes] = []
    rest: list[bytes] = []
    kinds = [b"IHDR"]
    while kinds[-1] != b"IEND":
        length, kind = CHUNK.unpack_from(data, at)
        body = data[at + CHUNK.size : at + CHUNK.size + length]
        at += CHUNK.size + length + 4
        if kind == b"IDAT":
            pixels.append(body)
            if kinds[-1] == b"IDAT":
                continue
            if kind in kinds:
                raise Unsuitable("its IDAT chunks are apart")
            body = b""
        kinds.append(kind)
        rest.append(varint.write(len(body)) + kind + body)
    return header, b"".join(pixels), b"".join([*rest, data[at:]]), b"fdAT" in kinds


def _decode(header: bytes, pixels: bytes) -> Samples:
    """The samples, decoded from a PNG that holds nothing else."""
    width, height, depth, colour, *methods = HEADER.unpack(header)
    palette = b""
    if depth < 8 or colour in (0, PALETTE):
        # A depth below 8 as palette indices: gray would be scaled to 8 bits.
        indexed = depth <= 8
        colour = PALETTE if indexed else colour
        palette = _chunk(b"PLTE", bytes(3 << depth)) if indexed else b""
    bare = HEADER.pack(width, height, depth, colour, *methods)
    plain = b"".join(
        (SIGNATURE, _chunk(b"IHDR", bare), palette, _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    )
    if depth == 16:
        samples = np.asarray(imagecodecs.png_decode(plain))
    else:
        with Image.open(io.BytesIO(plain), formats=["PNG"]) as image:
            samples = np.asarray(image)
    return samples.reshape(height, width, -1)


def _encode(header: bytes, samples: Samples) -> bytes:
    """The data of IDAT for some samples."""
    depth = header[8]
    if depth == 16:
        flat = samples[..., 0] if samples.shape[2] == 1 else samples
        return _pixels_of(bytes(imagecodecs.png_encode(flat, level=GRAPHIC_LEVEL)))
    buffer = io.BytesIO()
    if depth < 8:
        image = Image.fromarray(samples[..., 0])
        image.putpalette(bytes(3 << depth))
        image.save(buffer, "PNG", bits=depth, compress_level=GRAPHIC_LEVEL)
    else:
        image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
        image.save(buffer, "PNG", compress_level=_level(samples))
    return _pixels_of(buffer.getvalue())


def _level(samples: Samples) -> int:
    """How hard to deflate: by how well every sixteenth row does."""
    some = np.diff(samples[::16].astype(np.int16), axis=1).astype(np.int8).tobytes()
    bits = 8 * len(zlib.compress(some, 1)) / max(1, len(some))
    return PHOTOGRAPHIC_LEVEL if bits > PHOTOGRAPHIC_BITS else GRAPHIC_LEVEL


def _pixels_of(data: bytes) -> bytes:
    return _chunks(data)[1]


def _chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((CHUNK.pack(len(body), kind), body, crc.to_bytes(4, "big")))
