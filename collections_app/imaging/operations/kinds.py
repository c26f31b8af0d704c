"""The operations that there are, with their parameters; lengths in pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Scale to `percent` of width and height."""

    percent: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Bring to a size; of a length that is None the aspect ratio decides.

    `fit` is "contain" (all of the picture, inside of the size), "cover" (the size, what juts out is
    cut off evenly) or "fill" (the size, distorted). `enlarge` allows more pixels than there are.
    """

    width: int | None
    height: int | None
    fit: str = "contain"
    enlarge: bool = True


@dataclass(frozen=True, slots=True)
class Crop:
    """Keep a rectangle, which lies inside of the picture; `left` and `top` count from 0."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Rotate:
    """Turn clockwise by 90, 180 or 270 degrees."""

    degrees: int


@dataclass(frozen=True, slots=True)
class Blur:
    """A Gaussian filter of this standard deviation."""

    sigma: float


@dataclass(frozen=True, slots=True)
class Split:
    """Four quadrants in place of the picture: left-top, right-top, left-bottom, right-bottom."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """Write a line of text at the right bottom."""

    text: str


@dataclass(frozen=True, slots=True)
class Convert:
    """Write in a format, a name of FORMATS; `quality` from 1 to 100 counts where it is lossy."""

    format: str
    quality: int


Operation = Scale | Fit | Crop | Rotate | Blur | Split | Watermark | Convert
