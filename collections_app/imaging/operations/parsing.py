"""Chains of operations as text, such as ["crop=0,0,640,480", "resize=50", "convert=webp"]."""

import re
from collections.abc import Callable, Sequence

from collections_app.imaging.operations.errors import OperationError
from collections_app.imaging.operations.kinds import (
    Blur,
    Convert,
    Crop,
    Fit,
    Operation,
    Rotate,
    Scale,
    Split,
    Watermark,
)
from collections_app.imaging.operations.targets import FORMATS

# Pixels of a side: the most that WebP has.
LONGEST = 16383
LARGEST_KERNEL, LARGEST_SIGMA = 999, 300.0
# Of a blur whose kernel and sigma are both left open.
DEFAULT_SIGMA = 1.0
LONGEST_TEXT = 100
LONGEST_CHAIN = 20
# Each split makes four pictures of one.
MOST_SPLITS = 2
FITS = ("contain", "cover", "fill")
NOT_SPLIT = ("None", "false", "False")

_SIZE = re.compile(r"(\d{0,5})x(\d{0,5})\Z", re.ASCII)
_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,6})?\Z", re.ASCII)
_WHOLE = re.compile(r"\d{1,6}\Z", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?\Z", re.ASCII)


def parse(chain: Sequence[str]) -> list[Operation]:
    """The operations of a chain; those that change nothing are left out.

    OperationError names the first that is unknown, or whose parameters are out of their range.
    """
    if len(chain) > LONGEST_CHAIN:
        raise OperationError(f"A chain has at most {LONGEST_CHAIN} operations.")
    operations = [one for one in map(_operation, chain) if one is not None]
    if sum(isinstance(one, Split) for one in operations) > MOST_SPLITS:
        raise OperationError(f"A chain splits at most {MOST_SPLITS} times.")
    if any(isinstance(one, Convert) for one in operations[:-1]):
        raise OperationError("convert is the last operation of a chain.")
    return operations


def _operation(text: str) -> Operation | None:
    name, equals, value = text.partition("=")
    read = _READERS.get(name)
    if read is None:
        raise OperationError(f"There is no operation {name!r}; there are {', '.join(NAMES)}.")
    if not equals:
        raise OperationError(f"{name} needs a value, as in {name}={_EXAMPLES[name]}.")
    return read(value)


def _resize(value: str) -> Scale | Fit:
    if "x" in value:
        return _fit("resize", value, enlarge=True)
    if not (_PERCENT.match(value) and 0.05 < float(value) <= 100):
        raise OperationError(f"resize is a percentage above 0.05 and up to 100, not {value!r}.")
    return Scale(float(value))


def _thumbnail(value: str) -> Fit:
    return _fit("thumbnail", value if "x" in value else f"{value}x{value}", enlarge=False)


def _fit(name: str, value: str, *, enlarge: bool) -> Fit:
    size, comma, fit = value.partition(",")
    if comma and fit not in FITS:
        raise OperationError(f"{name} fits as {', '.join(FITS)}, not {fit!r}.")
    match = _SIZE.match(size)
    sides = [int(side) if side else None for side in match.groups()] if match else []
    if not any(sides) or not all(side is None or 1 <= side <= LONGEST for side in sides):
        raise OperationError(f"{name} has sides of 1 to {LONGEST} pixels, not {size!r}.")
    return Fit(sides[0], sides[1], fit or "contain", enlarge)


def _crop(value: str) -> Crop:
    numbers = value.split(",")
    if len(numbers) != 4 or not all(_WHOLE.match(number) for number in numbers):
        raise OperationError(f"crop is left,top,width,height in pixels, not {value!r}.")
    left, top, width, height = map(int, numbers)
    if not (width and height):
        raise OperationError("crop keeps at least one pixel.")
    return Crop(left, top, width, height)


def _rotate(value: str) -> Rotate:
    if value not in ("90", "180", "270"):
        raise OperationError(f"rotate is 90, 180 or 270 degrees clockwise, not {value!r}.")
    return Rotate(int(value))


def _blur(value: str) -> Blur | None:
    """A kernel of odd size has the sigma that OpenCV gives it; 0 leaves it to the sigma.

    One of a single pixel changes nothing.
    """
    size, comma, sigma = value.partition(",")
    kernel = int(size) if _WHOLE.match(size) else -1
    if kernel and (kernel % 2 == 0 or not 0 < kernel <= LARGEST_KERNEL):
        raise OperationError(f"blur is 0, or an odd size up to {LARGEST_KERNEL}, not {size!r}.")
    if comma and not (_NUMBER.match(sigma) and 0 < float(sigma) <= LARGEST_SIGMA):
        raise OperationError(f"The sigma of blur is above 0 and up to {LARGEST_SIGMA:g}.")
    if comma:
        return Blur(float(sigma))
    if kernel == 1:
        return None
    return Blur(0.3 * ((kernel - 1) * 0.5 - 1) + 0.8 if kernel else DEFAULT_SIGMA)


def _split(value: str) -> Split | None:
    return None if value in NOT_SPLIT else Split()


def _watermark(value: str) -> Watermark:
    if not (0 < len(value) <= LONGEST_TEXT and value.isprintable()):
        raise OperationError(f"watermark is a line of 1 to {LONGEST_TEXT} characters.")
    return Watermark(value)


def _convert(value: str) -> Convert:
    name, comma, quality = value.partition(",")
    if name not in FORMATS:
        raise OperationError(f"convert is one of {', '.join(FORMATS)}, not {name!r}.")
    if comma and not (_WHOLE.match(quality) and 1 <= int(quality) <= 100):
        raise OperationError(f"The quality of convert is 1 to 100, not {quality!r}.")
    return Convert(name, int(quality) if comma else FORMATS[name])


_READERS: dict[str, Callable[[str], Operation | None]] = {
    "resize": _resize,
    "thumbnail": _thumbnail,
    "crop": _crop,
    "rotate": _rotate,
    "blur": _blur,
    "split": _split,
    "splitQuadrants": _split,
    "watermark": _watermark,
    "convert": _convert,
}
_EXAMPLES = {
    "resize": "50",
    "thumbnail": "128",
    "crop": "0,0,640,480",
    "rotate": "90",
    "blur": "5",
    "split": "True",
    "splitQuadrants": "True",
    "watermark": "text",
    "convert": "webp",
}
NAMES = tuple(_READERS)
