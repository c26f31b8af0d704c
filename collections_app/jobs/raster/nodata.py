"""The value that stands for "no data" where a file has no mask."""

from typing import Any

import numpy as np


def is_nodata(array: Any, nodata: float) -> Any:
    """Where an array has the value that stands for no data; NaN is equal to itself here."""
    cells = np.ma.getdata(array)
    if np.isnan(nodata):
        return np.isnan(cells) if cells.dtype.kind == "f" else np.zeros(cells.shape, bool)
    if not representable(nodata, cells.dtype):
        return np.zeros(cells.shape, bool)
    return cells == cells.dtype.type(nodata)


def representable(nodata: float, dtype: np.dtype) -> bool:
    """Whether an array of this type can have the value."""
    if dtype.kind == "f":
        largest = np.finfo(dtype).max
        return not np.isfinite(nodata) or abs(nodata) <= largest
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        return (
            bool(np.isfinite(nodata))
            and nodata == int(nodata)
            and (bounds.min <= nodata <= bounds.max)
        )
    return False


def chosen(
    array: np.ma.MaskedArray, preferred: float | None, *, needed: bool = False
) -> float | int | None:
    """A value for no data that no cell has: the preferred one, or one at the type's end.

    None where nothing is masked, none is preferred and none `needed`. ValueError where cells have
    every value.
    """
    needed = needed or np.ma.is_masked(array)
    if preferred is None and not needed:
        return None
    data = array.compressed()
    for candidate in _candidates(array.dtype, preferred):
        if representable(candidate, array.dtype) and not is_nodata(data, candidate).any():
            return candidate
    if not needed:
        return None
    raise ValueError(f"Every value of {array.dtype} is taken: none is left for masked cells.")


def _candidates(dtype: np.dtype, preferred: float | None) -> list[float]:
    first = [] if preferred is None else [preferred]
    if dtype.kind == "f":
        return [*first, float("nan"), -9999.0, float(np.finfo(dtype).min)]
    bounds = np.iinfo(dtype)
    ends = [bounds.max, bounds.min] if dtype.kind == "u" else [bounds.min, bounds.max]
    small = range(bounds.min, bounds.max) if dtype.itemsize == 1 else range(256)
    return [*first, *ends, *small]
