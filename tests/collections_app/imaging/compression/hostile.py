"""Run in a process of its own: compress the files named on standard input, check what comes back.

One JSON list a file: its name, the encoding or why it is kept, and what is wrong ("" for nothing).
"""

import io
import json
import resource
import sys
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from collections_app.imaging.compression import Encoded, Policy, compress, is_exact, restore
from collections_app.imaging.structure import ImageError, inspect

MEMORY = 1 << 30
SECONDS = 120


def outcome(data: bytes) -> tuple[str, str]:
    try:
        media_type = inspect(data).media_type
    except ImageError:
        return "refused", ""
    found = compress(data, media_type, Policy())
    if not isinstance(found, Encoded):
        return "kept", ""
    restored = restore(found.encoding, found.data, media_type)
    if is_exact(found.encoding):
        return found.encoding, "" if restored == data else "other bytes"
    return found.encoding, difference(data, restored)


def difference(one: bytes, other: bytes) -> str:
    """What Pillow, or libpng at native depth, sees differently."""
    shown, shown_again = frames(one), frames(other)
    if len(shown) != len(shown_again):
        return "another number of frames"
    for (mode, pixels), (mode_again, pixels_again) in zip(shown, shown_again, strict=True):
        if mode != mode_again or not np.array_equal(pixels, pixels_again):
            return "other pixels"
    if one.startswith(b"\x89PNG") and len(shown) == 1:
        try:
            native = imagecodecs.png_decode(one)
        except imagecodecs.PngError:
            return ""
        native_again = imagecodecs.png_decode(other)
        if native.dtype != native_again.dtype or not np.array_equal(native, native_again):
            return "other samples"
    return ""


def frames(data: bytes) -> list[tuple[str, Any]]:
    """The modes and pixels of all frames; none where Pillow refuses the file."""
    found = []
    try:
        with Image.open(io.BytesIO(data)) as image:
            for at in range(getattr(image, "n_frames", 1)):
                image.seek(at)
                shown = image.convert("RGBA") if image.mode == "P" else image
                found.append((image.mode, np.asarray(shown)))
    except (OSError, ValueError, SyntaxError):
        return []
    return found


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for line in sys.stdin:
        name = line.rstrip("\n")
        print(json.dumps([name, *outcome(Path(name).read_bytes())]), flush=True)
