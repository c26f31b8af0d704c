"""The encoders that ours is compared with: each makes an image smaller, or says that it cannot."""

import io
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench import npm
from bench.servers import ROOT
from collections_app.imaging.compression import Encoded, Policy, compress, restore
from collections_app.imaging.structure import inspect

SCRIPT = ROOT / "bench" / "peer_images" / "sharp.js"
FORMATS = {"MPO": "JPEG"}

Result = tuple[int, bytes, float]
"""The bytes that are stored, the file that comes back, the processor's seconds."""

Encoder = Callable[[Path], Result]


def ours(path: Path) -> Result:
    """The policy of pixels, its proof included."""
    data = path.read_bytes()
    media_type = inspect(data).media_type
    start = time.process_time()
    found = compress(data, media_type, Policy())
    seconds = time.process_time() - start
    if not isinstance(found, Encoded):
        return len(data), data, seconds
    return len(found.data), restore(found.encoding, found.data, media_type), seconds


def pillow(path: Path) -> Result:
    """The same format again with optimize=True, as the published server stores it."""
    data = path.read_bytes()
    start = time.process_time()
    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.save(buffer, FORMATS.get(str(image.format), image.format), optimize=True)
    except (OSError, ValueError, Image.DecompressionBombError):
        return len(data), data, time.process_time() - start
    return _smaller(data, buffer.getvalue(), time.process_time() - start)


@contextmanager
def sharp(folder: Path) -> Iterator[Encoder]:
    """sharp, installed for this run, in one process; npm.Missing where it cannot be."""
    command = [npm.node(folder, "sharp"), str(SCRIPT)]
    settings = os.environ | {"NODE_PATH": str(folder / "node_modules")}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=settings
    )

    def encode(path: Path) -> Result:
        data, target = path.read_bytes(), folder / "encoded"
        wish = {"source": str(path), "target": str(target), "format": inspect(data).format}
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(wish) + "\n")
        process.stdin.flush()
        found = json.loads(process.stdout.readline())
        if "error" in found:
            return len(data), data, 0.0
        return _smaller(data, target.read_bytes(), found["seconds"])

    with process:
        try:
            yield encode
        finally:
            process.kill()


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two files show the same pixels at the same depth; JPEGs have the same bytes."""
    with Image.open(io.BytesIO(one)) as before, Image.open(io.BytesIO(other)) as after:
        if before.format == "JPEG":
            return one == other
        if before.format != after.format or _frames(before) != _frames(after):
            return False
        if before.format == "PNG":
            pixels = imagecodecs.png_decode(one), imagecodecs.png_decode(other)
            return pixels[0].dtype == pixels[1].dtype and bool(np.array_equal(*pixels))
        return all(_is_same_frame(before, after, at) for at in range(_frames(before)))


def _is_same_frame(one: Image.Image, other: Image.Image, at: int) -> bool:
    before, after = _shown(one, at), _shown(other, at)
    if before is None or after is None:
        return before is after
    return before.dtype == after.dtype and np.array_equal(before, after)


def _shown(image: Image.Image, at: int) -> NDArray[Any] | None:
    """The pixels of a frame, indices as colours; None where Pillow refuses them."""
    try:
        image.seek(at)
        return np.asarray(image.convert("RGBA") if image.mode in ("P", "L", "RGB") else image)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _frames(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1))


def _smaller(data: bytes, encoded: bytes, seconds: float) -> Result:
    """What is stored: the original where encoding made it larger."""
    stored = min(data, encoded, key=len)
    return len(stored), stored, seconds
