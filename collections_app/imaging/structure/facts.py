"""What the structure of an image says about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """One image: `format` is a name of FORMATS, `width` and `height` are in pixels.

    Animations have the size of their canvas, files of several pages that of the first one.
    """

    format: str
    media_type: str
    width: int
    height: int
