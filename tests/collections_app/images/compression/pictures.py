"""Pictures that become smaller, and some that do not."""

import functools
import io
import zlib

from PIL import Image

from tests.pictures import jpeg

JPEG = jpeg(1, (160, 120))


@functools.cache
def slope(seed: int = 0, size: tuple[int, int] = (96, 64)) -> bytes:
    """A PNG of smooth colours, written with little care; a lossless WebP of it is smaller."""
    across = Image.linear_gradient("L").resize(size)
    down = across.rotate(90).resize(size)
    both = Image.merge("RGB", (across, down, across.point(lambda value: (value + seed) % 256)))
    buffer = io.BytesIO()
    both.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def pixels(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    """Mode, size and samples of an image."""
    with Image.open(io.BytesIO(data)) as image:
        return image.mode, image.size, image.tobytes()


def undecodable() -> bytes:
    """A PNG whose structure is whole and whose samples are none."""
    data = slope()
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    chunk = b"IDAT" + zlib.compress(b"too short", 9)
    made = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return data[:start] + made + data[start + length + 12 :]
