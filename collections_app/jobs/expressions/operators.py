"""The operators, for numbers and element by element for arrays.

They raise what Python does: ArithmeticError, TypeError, ValueError, LookupError.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from collections_app.jobs.expressions import values

_COMPARABLE = (bool, int, float, str)


def arithmetic(symbol: str, left: Any, right: Any) -> Any:
    """`left symbol right`; texts can be added."""
    if symbol == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    left, right = values.numbers(left), values.numbers(right)
    if not (values.is_array(left) or values.is_array(right)):
        return _OF_NUMBERS[symbol](left, right)
    values.fit(left, right)
    left, right = _fixed(left), _fixed(right)
    return _OF_ARRAYS[symbol](left, right)


def negative(value: Any) -> Any:
    """`-value`."""
    return -values.numbers(value)


def positive(value: Any) -> Any:
    """`+value`."""
    return +values.numbers(value)


def order(symbol: str, left: Any, right: Any) -> Any:
    """`left symbol right` for < <= > >=; two texts are compared by their characters."""
    if not (isinstance(left, str) and isinstance(right, str)):
        left, right = values.numbers(left), values.numbers(right)
        values.fit(left, right)
    return _ORDER[symbol](left, right)


def equality(symbol: str, left: Any, right: Any) -> Any:
    """`left symbol right` for == and !=; a number and a text are never equal."""
    if values.is_array(left) or values.is_array(right):
        left, right = values.numbers(left), values.numbers(right)
        values.fit(left, right)
    elif not (isinstance(left, _COMPARABLE) and isinstance(right, _COMPARABLE)):
        raise TypeError("only numbers, texts and arrays can be compared")
    return left == right if symbol == "==" else left != right


def both(left: Any, right: Any) -> Any:
    """`left and right` where one of them is an array."""
    left, right = _truths(left, right)
    return np.logical_and(left, right)


def either(left: Any, right: Any) -> Any:
    """`left or right` where one of them is an array."""
    left, right = _truths(left, right)
    return np.logical_or(left, right)


def opposite(value: Any) -> Any:
    """`not value`."""
    return np.logical_not(values.array(value)) if values.is_array(value) else not value


def item(of: Any, index: Any) -> Any:
    """`of[index]`: lists and arrays by integers, dicts by texts and integers."""
    if isinstance(index, bool) or not isinstance(index, int | str):
        raise TypeError("an index must be an integer or a text")
    if isinstance(of, dict):
        if index not in of:
            raise KeyError(f"there is no member {index!r}")
        return of[index]
    if not values.is_array(of):
        raise TypeError("only lists, arrays and dicts have members")
    if not isinstance(index, int):
        raise TypeError("an index into a list or an array must be an integer")
    if not -len(of) <= index < len(of):
        raise IndexError(f"there is no member {index} among {len(of)}")
    return of[index]


def _truths(left: Any, right: Any) -> tuple[Any, Any]:
    truths = [values.array(v) if values.is_array(v) else bool(v) for v in (left, right)]
    values.fit(*truths)
    return truths[0], truths[1]


def _fixed(value: Any) -> Any:
    """An operand whose integers numpy can hold: what needs more bits than 64 becomes a float."""
    if isinstance(value, int) and value.bit_length() > 63:
        return float(value)
    return value


def _power(base: float, exponent: float) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent > 0:
        # Known before it is computed: 9 ** 9 ** 9 has 1.2 billion bits.
        bits = (abs(base).bit_length() - 1) * exponent
        if bits > values.MAX_INTEGER_BITS:
            raise OverflowError(f"the power has more than {values.MAX_INTEGER_BITS} bits")
    return base**exponent


def _power_of_arrays(base: Any, exponent: Any) -> Any:
    """Integers while they fit into 64 bits, else floats."""
    if _is_integer(base) and _is_integer(exponent) and not _stays_small(base, exponent):
        base = base.astype(np.float64) if isinstance(base, np.ndarray) else float(base)
    return base**exponent


def _stays_small(base: Any, exponent: Any) -> bool:
    if not (np.size(base) and np.size(exponent)):
        return True
    lowest, highest = int(np.min(exponent)), int(np.max(exponent))
    bits = max(abs(int(np.min(base))), abs(int(np.max(base)))).bit_length()
    return lowest >= 0 and bits * highest < 63


def _divided(symbol: str) -> Callable[[Any, Any], Any]:
    """Floor division or remainder: integers by zero give infinity and NaN, as floats do."""
    compute = _ARITHMETIC[symbol]

    def divide(left: Any, right: Any) -> Any:
        if _is_integer(right) and np.any(right == 0):
            right = right.astype(np.float64) if isinstance(right, np.ndarray) else float(right)
        return compute(left, right)

    return divide


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, np.ndarray) and value.dtype.kind in "iu")


_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_OF_NUMBERS: Mapping[str, Callable[[Any, Any], Any]] = {**_ARITHMETIC, "**": _power}
_OF_ARRAYS: Mapping[str, Callable[[Any, Any], Any]] = {
    **_ARITHMETIC,
    "**": _power_of_arrays,
    "//": _divided("//"),
    "%": _divided("%"),
}
_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
