"""Images of every kind that is taken apart, small and the same on every run."""

import io
import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image, PngImagePlugin

SIZE = (96, 80)


def smooth(channels: int = 3, kind: type[np.unsignedinteger[Any]] = np.uint8) -> Any:
    """A soft pattern with a little noise: (rows, columns, channels), or (rows, columns) for one."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    noise = np.random.default_rng(7).integers(0, 6, (SIZE[1], SIZE[0], channels))
    waves = [100 + 60 * np.sin(x / (9 + one)) + 40 * np.cos(y / (7 + one)) for one in range(4)]
    found = (np.stack(waves[:channels], axis=2) + noise).clip(0, 255)
    if kind is np.uint16:
        found = found * 256 + 77
    return found.astype(kind)[..., 0] if channels == 1 else found.astype(kind)


def flat(colours: int = 4) -> Any:
    """A drawing of a few indices, with sharp edges."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    return ((x // 11 + y // 7 + (x * y // 400)) % colours).astype(np.uint8)


def save(pixels: Any, format: str, **options: Any) -> bytes:
    """The file that Pillow writes of an array or an image."""
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, format, **options)
    return buffer.getvalue()


def indexed(colours: int = 4) -> Image.Image:
    """The flat drawing with a palette that has one colour twice."""
    image = Image.fromarray(flat(colours))
    image.putpalette([(7 * at) % 250 for at in range(3 * colours - 3)] + [0, 7, 14])
    return image


def png(pixels: Any, **options: Any) -> bytes:
    """A PNG of 8 bits a sample or less."""
    return save(pixels, "PNG", **options)


def png16(channels: int) -> bytes:
    """A PNG of 16 bits a sample."""
    return bytes(imagecodecs.png_encode(smooth(channels, np.uint16)))


def low_gray(depth: int) -> bytes:
    """A gray PNG of 1, 2 or 4 bits, as palette PNGs are packed."""
    drawn = indexed(1 << depth)
    data = save(drawn, "PNG", bits=depth)
    header = data[16:25] + b"\0" + data[26:29]
    start = data.index(b"IDAT") - 4
    return data[:8] + chunk(b"IHDR", header) + data[start:]


def described() -> bytes:
    """A PNG with text, ICC profile, EXIF, gamma, resolution, and bytes after its end."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "A gate, at dawn")
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>" * 20, zip=True)
    text.add(b"gAMA", struct.pack(">I", 45455))
    exif = Image.Exif()
    exif[271] = "Maker"
    options = {"icc_profile": b"profile" * 30, "exif": exif, "dpi": (300, 300)}
    return save(smooth(), "PNG", pnginfo=text, **options) + b"after the end"


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def clear() -> Any:
    """RGBA whose transparent pixels have colours of their own."""
    pixels = smooth(4)
    pixels[..., 3] = flat(2) * 255
    return pixels


def tiff(pixels: Any, compression: str, **tags: Any) -> bytes:
    """A TIFF as libtiff writes it."""
    return save(pixels, "TIFF", compression=compression, **tags)


def animation() -> bytes:
    """A GIF of three frames."""
    frames = [Image.fromarray(np.roll(flat(16) * 15, 9 * at, axis=1)) for at in range(3)]
    return save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=[100, 50, 70])
