"""What numpy's functions mean for cells that are masked.

Many of them look at the data behind the mask; here they are those that do not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np


def apply(ufunc: Any, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call a universal function, or one of its methods; NotImplemented where masks forbid it."""
    if ufunc.signature is not None:
        # Products of matrices: masked arrays have none.
        return NotImplemented
    if method == "__call__":
        return ufunc(*inputs, **kwargs)
    masked = getattr(np.ma, ufunc.__name__, None)
    if method in ("reduce", "accumulate", "outer") and hasattr(masked, method):
        return getattr(masked, method)(*inputs, **kwargs)
    return NotImplemented


def _ignoring_nan(function: Any) -> Callable[..., Any]:
    def reduce(array: Any, *args: Any, **kwargs: Any) -> Any:
        return function(np.ma.masked_invalid(array), *args, **kwargs)

    return reduce


def _with_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    """Ranks of what is not masked."""

    def rank(array: Any, *args: Any, **kwargs: Any) -> Any:
        floats = array.astype(np.result_type(array.dtype, np.float32))
        return function(floats.filled(np.nan), *args, **kwargs)

    return rank


_NAN: Mapping[Any, Any] = {
    np.nanmin: np.min,
    np.nanmax: np.max,
    np.nansum: np.sum,
    np.nanprod: np.prod,
    np.nanmean: np.mean,
    np.nanstd: np.std,
    np.nanvar: np.var,
    np.nanmedian: np.ma.median,
}

MASKED: Mapping[Any, Callable[..., Any]] = {
    np.where: np.ma.where,
    np.median: np.ma.median,
    np.average: np.ma.average,
    np.concatenate: np.ma.concatenate,
    np.stack: np.ma.stack,
    np.percentile: _with_nan(np.nanpercentile),
    np.quantile: _with_nan(np.nanquantile),
} | {function: _ignoring_nan(masked) for function, masked in _NAN.items()}

# Reductions whose second argument is the axis.
REDUCTIONS = frozenset(
    [
        np.min,
        np.max,
        np.amin,
        np.amax,
        np.sum,
        np.prod,
        np.mean,
        np.median,
        np.average,
        np.std,
        np.var,
        np.any,
        np.all,
        np.ptp,
        *_NAN,
    ]
)

CELL_BY_CELL = frozenset([np.where, np.clip, np.round, np.around, np.nan_to_num, np.copy])
