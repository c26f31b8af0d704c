"""What the names and the results of an expression may be, and how large."""

from typing import Any

import numpy as np

MAX_PIXELS = 2**27
MAX_INTEGER_BITS = 256
MAX_CHARACTERS = 10_000

Scalar = bool | int | float
_NUMERIC_KINDS = "biuf"


def admit(value: Any) -> Any:
    """A value from the context: scalars of numpy become Python's; TypeError for other kinds."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return _numeric(value)
    if isinstance(value, bool | int | float | str | list | tuple | dict):
        return bounded(value)
    raise TypeError(f"{type(value).__name__} is no kind of value that expressions know")


def bounded(value: Any) -> Any:
    """The value of an operation; OverflowError where it is too large to go on with.

    What numpy gives for one number becomes Python's number, a masked one becomes NaN.
    """
    if value is np.ma.masked:
        return float("nan")
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim):
        value = value.item()
    if isinstance(value, complex):
        raise TypeError("the result is no real number")
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise OverflowError(f"the integer has more than {MAX_INTEGER_BITS} bits")
    if isinstance(value, str) and len(value) > MAX_CHARACTERS:
        raise OverflowError(f"the text has more than {MAX_CHARACTERS} characters")
    return value


def is_array(value: Any) -> bool:
    """Whether operations on it are element by element."""
    return isinstance(value, np.ndarray | list | tuple)


def array(value: Any) -> Any:
    """A list as an array of numbers, an array as it is; TypeError where it holds others."""
    if isinstance(value, list | tuple):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{_called(value)} is no array")
    return _numeric(value)


def numbers(value: Any) -> Any:
    """An operand of arithmetic: a number, or an array of integers of 64 bits or of floats.

    Small integers are widened, for pixels of 8 and 16 bits overflow as soon as they are added.
    """
    if not is_array(value):
        if not isinstance(value, bool | int | float):
            raise TypeError(f"{_called(value)} is no number")
        return value
    found = array(value)
    if found.dtype.kind in "bui" and found.dtype.itemsize < 8:
        return found.astype(np.int64)
    return found


def fit(*operands: Any) -> None:
    """Raise ValueError where the shapes do not fit, OverflowError where the result is too large."""
    shapes = [operand.shape for operand in operands if isinstance(operand, np.ndarray)]
    try:
        pixels = np.prod(np.broadcast_shapes(*shapes), dtype=object)
    except ValueError:
        named = " and ".join(str(shape) for shape in shapes)
        raise ValueError(f"the shapes {named} do not fit together") from None
    if pixels > MAX_PIXELS:
        raise OverflowError(f"the result has more than {MAX_PIXELS} pixels")


def _numeric(value: Any) -> Any:
    if value.dtype.kind not in _NUMERIC_KINDS:
        raise TypeError(f"an array of {value.dtype} is no array of numbers")
    return value


def _called(value: Any) -> str:
    names: dict[type, str] = {str: "a text", dict: "a dict"}
    return names.get(type(value), type(value).__name__)
