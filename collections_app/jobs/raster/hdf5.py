"""HDF5 files of strangers: what must not be in them, and how large they become."""

import io
import math
from pathlib import Path
from typing import Any

_KINDS = "biufSUO"
MAX_OBJECTS = 10_000
_SCALING = frozenset({"scale_factor", "add_offset"})
_DOUBLE = 8


class UnsafeFile(ValueError):
    """A file that reaches for others, or is larger than it may be; the text says why."""


def check(file: Path | bytes, *, max_bytes: int) -> None:
    """Check that a file holds all of its data itself, and at most `max_bytes` once decoded.

    HDF5 has links to other files, data sets whose bytes lie in other files, and virtual ones made
    of those: any file of this machine could be read through them. UnsafeFile; OSError where it is
    no HDF5.
    """
    import h5py

    with h5py.File(io.BytesIO(file) if isinstance(file, bytes) else file, "r") as root:
        names: list[str] = []

        def visit(name: str, link: Any) -> str | None:
            """Take note of the object; what is wrong, which ends the visit."""
            names.append(name)
            if len(names) > MAX_OBJECTS:
                return f"has more than {MAX_OBJECTS} objects"
            is_inside = isinstance(link, h5py.HardLink)
            return None if is_inside else "has links, which could lead to other files"

        if wrong := root.visititems_links(visit):
            raise UnsafeFile(wrong)
        total = sum(_bytes(root[name]) for name in names if isinstance(root[name], h5py.Dataset))
    if total > max_bytes:
        raise UnsafeFile(f"has more than {max_bytes} bytes once decoded")


def _bytes(dataset: Any) -> int:
    """The decoded bytes of a data set: of its cells, or of one chunk where that is more.

    Scaled ones are doubles.
    """
    if dataset.external or dataset.is_virtual:
        raise UnsafeFile("has data that lie in other files")
    if dataset.dtype.kind not in _KINDS:
        raise UnsafeFile(f"has data of the type {dataset.dtype}")
    # The shape of a data set without cells is None.
    shapes = (dataset.shape or (), dataset.chunks or ())
    cells = max(math.prod(map(int, shape)) for shape in shapes)
    is_scaled = not _SCALING.isdisjoint(dataset.attrs)
    return cells * (_DOUBLE if is_scaled else int(dataset.dtype.itemsize))
