"""The functions of expressions; grammar.FUNCTIONS has their arguments.

They raise what Python does: ArithmeticError, TypeError, ValueError, LookupError.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from collections_app.jobs.expressions import values
from collections_app.jobs.expressions.axes import axis_of
from collections_app.jobs.raster import Raster

MAX_DIGITS = 20

_Function = Callable[..., Any]


def _reduction(of_array: _Function, of_masked: _Function) -> _Function:
    """A statistic of all members, or along an axis; NaN and masked members do not count."""

    def reduce(a: Any, axis: int | str | None = None) -> Any:
        array = values.numbers(a if values.is_array(a) else [a])
        if not array.size:
            raise ValueError("the array has no members")
        along = axis_of(array, axis)
        missing = np.isnan(np.ma.getdata(array)) if array.dtype.kind == "f" else np.False_
        has_mask = isinstance(array, np.ma.MaskedArray)
        if missing.any():
            array = masked(array, missing)
        # numpy's own functions know rasters, but no other masked arrays.
        if isinstance(array, Raster) or not isinstance(array, np.ma.MaskedArray):
            return of_array(array, axis=along)
        result = of_masked(array, axis=along)
        return result if has_mask else np.ma.filled(result, np.nan)

    return reduce


def _elementwise(of_array: _Function, of_number: _Function) -> _Function:
    """A function of each member."""

    def apply(a: Any) -> Any:
        a = values.numbers(a)
        return of_array(a) if values.is_array(a) else of_number(a)

    return apply


def _log(a: Any, base: Any = math.e) -> Any:
    """The natural logarithm, or the one of a base."""
    a, base = values.numbers(a), values.numbers(base)
    if values.is_array(base):
        raise TypeError("the base must be a number")
    if base == math.e:
        return np.log(a) if values.is_array(a) else math.log(a)
    return np.log(a) / math.log(base) if values.is_array(a) else math.log(a, base)


def _round(a: Any, digits: Any = 0) -> Any:
    """To so many decimal digits; halves go to the even neighbour."""
    if isinstance(digits, bool) or not isinstance(digits, int) or abs(digits) > MAX_DIGITS:
        raise ValueError(f"digits must be an integer from -{MAX_DIGITS} to {MAX_DIGITS}")
    a = values.numbers(a)
    return np.round(a, digits) if values.is_array(a) else round(a, digits or None)


def _clip(a: Any, lowest: Any, highest: Any) -> Any:
    """Not below `lowest` and not above `highest`."""
    a, lowest, highest = map(values.numbers, (a, lowest, highest))
    values.fit(a, lowest, highest)
    if values.is_array(a) or values.is_array(lowest) or values.is_array(highest):
        return np.minimum(np.maximum(a, lowest), highest)
    return min(max(a, lowest), highest)


def _where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`; masked where what is chosen is."""
    a, b = values.numbers(a), values.numbers(b)
    if not values.is_array(condition):
        return a if condition else b
    condition = values.array(condition)
    values.fit(condition, a, b)
    operands = (condition, a, b)
    is_masked = any(isinstance(each, np.ma.MaskedArray) for each in operands)
    is_raster = any(isinstance(each, Raster) for each in operands)
    return (np.ma.where if is_masked and not is_raster else np.where)(*operands)


def masked(a: Any, condition: Any) -> Any:
    """The array without the members for which the condition holds."""
    array = values.array(a)
    condition = values.array(condition) if values.is_array(condition) else bool(condition)
    values.fit(array, condition)
    condition = np.broadcast_to(np.ma.filled(condition, True), array.shape).astype(np.bool_)
    if isinstance(array, Raster):
        return array.masked_where(condition)
    return np.ma.masked_where(condition, array)


def _get_mask(a: Any) -> Any:
    """Which members of the array are masked."""
    array = values.array(a)
    mask = np.ma.getmaskarray(array)
    return array.like(mask) if isinstance(array, Raster) else mask


def _float(a: Any) -> Any:
    """As floats of 64 bits; floats stay what they are."""
    if isinstance(a, str):
        return float(a)
    a = values.numbers(a)
    if not values.is_array(a):
        return float(a)
    return a if a.dtype.kind == "f" else a.astype(np.float64)


def _integers(dtype: Any) -> _Function:
    """Towards zero to an integer; members that the type cannot hold are masked."""
    limits = np.iinfo(dtype)

    def cast(a: Any) -> Any:
        if isinstance(a, str):
            return int(a)
        if not values.is_array(a):
            return int(values.numbers(a))
        array = values.array(a)
        if array.dtype == dtype:
            return array
        data = np.ma.getdata(array)
        fits = (data >= limits.min) & (data < float(limits.max) + 1)
        if fits.all():
            return array.astype(dtype)
        return masked(_where(fits, array, 0), ~fits).astype(dtype)

    return cast


def _bool(a: Any) -> Any:
    """Whether it is something: not zero, not empty."""
    return values.array(a).astype(np.bool_) if values.is_array(a) else bool(a)


def _str(a: Any) -> str:
    """A number as text."""
    if values.is_array(a) or isinstance(a, dict):
        raise TypeError("only a number can become a text")
    return str(a)


FUNCTIONS: Mapping[str, _Function] = {
    "min": _reduction(np.min, np.ma.min),
    "max": _reduction(np.max, np.ma.max),
    "sum": _reduction(np.sum, np.ma.sum),
    "mean": _reduction(np.mean, np.ma.mean),
    "median": _reduction(np.median, np.ma.median),
    "std": _reduction(np.std, np.ma.std),
    "var": _reduction(np.var, np.ma.var),
    "abs": _elementwise(np.abs, abs),
    "floor": _elementwise(np.floor, math.floor),
    "ceil": _elementwise(np.ceil, math.ceil),
    "sqrt": _elementwise(np.sqrt, math.sqrt),
    "exp": _elementwise(np.exp, math.exp),
    "int": _integers(np.int64),
    "int8": _integers(np.int8),
    "int16": _integers(np.int16),
    "int32": _integers(np.int32),
    "float": _float,
    "bool": _bool,
    "str": _str,
    "log": _log,
    "round": _round,
    "clip": _clip,
    "where": _where,
    "mask": masked,
    "get_mask": _get_mask,
}
