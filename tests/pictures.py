"""Pictures that the tests draw: small, different by seed, the same on every run."""

import functools
import io
import random

from PIL import Image


@functools.cache
def picture(
    seed: int = 0, *, format: str = "PNG", size: tuple[int, int] = (32, 24), **options: object
) -> bytes:
    """The bytes of a picture of noise; `options` go to Pillow's save()."""
    noise = random.Random(seed).randbytes(size[0] * size[1] * 3)
    buffer = io.BytesIO()
    Image.frombytes("RGB", size, noise).save(buffer, format=format, **options)
    return buffer.getvalue()


def png(seed: int = 0, size: tuple[int, int] = (32, 24)) -> bytes:
    """A PNG of noise."""
    return picture(seed, size=size)


def jpeg(seed: int = 0, size: tuple[int, int] = (64, 48), quality: int = 80) -> bytes:
    """A JPEG of noise."""
    return picture(seed, format="JPEG", size=size, quality=quality)
