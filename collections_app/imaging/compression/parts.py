"""An image taken apart: its samples, and all else that its file says."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8] | NDArray[np.uint16]
"""Samples in the file's own order and depth: (rows, columns, channels), 1 to 4 channels."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`rest` is the file without its samples, in a form of its format's own.

    `photographic` is whether samples may be changed a little: they are no indices. `facts` is what
    the rest says of the image, where a file that is put together may say it in another way.
    """

    samples: Samples
    rest: bytes
    photographic: bool = False
    facts: tuple[object, ...] = ()

    def equals(self, other: "Parts") -> bool:
        """Whether every sample and all that is said of them is the same."""
        same_kind = self.samples.dtype == other.samples.dtype
        return (
            same_kind and self.says_as(other) and bool(np.array_equal(self.samples, other.samples))
        )

    def says_as(self, other: "Parts") -> bool:
        """Whether the files are the same apart from their samples."""
        return self.facts == other.facts if self.facts else self.rest == other.rest


@dataclass(frozen=True, slots=True)
class Format:
    """How files of one media type are taken apart and put together.

    `split` raises Unsuitable, or what a decoder raises. `join` gives a file with the same samples
    and the same rest.
    """

    media_type: str
    split: Callable[[bytes], Parts]
    join: Callable[[Samples, bytes], bytes]
