"""The bytes of one file as its walker reads them: every read is checked against the end."""

from dataclasses import dataclass
from struct import Struct
from typing import Any

from collections_app.imaging.structure.errors import BrokenImage, TooManyPixels, TruncatedImage


@dataclass(frozen=True, slots=True)
class Source:
    """One file under inspection.

    `label` is the format's name in messages ("JPEG"), `view` the whole file as unsigned bytes,
    `max_pixels` the largest width times height of a picture in it.
    """

    label: str
    view: memoryview
    max_pixels: int

    def require(self, end: int, where: str) -> None:
        """Raise TruncatedImage when the file has fewer than `end` bytes."""
        if end > len(self.view):
            raise self.truncated(where)

    def read(self, layout: Struct, at: int, where: str) -> tuple[Any, ...]:
        """The fields of `layout` at byte `at`; `where` names the place, as "inside its header"."""
        self.require(at + layout.size, where)
        return layout.unpack_from(self.view, at)

    def check_size(self, width: int, height: int, at: int) -> None:
        """Refuse a picture without pixels or with too many; its size was read at byte `at`."""
        if width <= 0 or height <= 0:
            raise self.broken(f"its size is {width} x {height} pixels", at)
        if width * height > self.max_pixels:
            raise TooManyPixels(width, height, self.max_pixels)

    def broken(self, what: str, at: int) -> BrokenImage:
        """The error that says what is wrong at byte `at`."""
        return BrokenImage(f"The {self.label} is broken at byte {at}: {what}.", at)

    def truncated(self, where: str) -> TruncatedImage:
        """The error that says at which byte the file ends, and where in its structure that is."""
        end = len(self.view)
        return TruncatedImage(f"The {self.label} ends at byte {end}, {where}.", end)
