"""Operators and reductions of rasters: those of masked arrays, and the grid of the result."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np

_BINARY = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"),
    *("and", "or", "xor", "lshift", "rshift"),
)
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_REDUCTIONS = ("min", "max", "sum", "prod", "mean", "std", "var", "any", "all", "ptp")


class Gridded(Protocol):
    """What these methods need of a raster."""

    def plain(self) -> np.ma.MaskedArray:
        """The cells without the grid."""

    def _together(self, other: Any) -> tuple[Any, Any]: ...

    def _put(self, result: Any, grid: Any) -> Any: ...

    def _axes(self, axis: Any) -> Any: ...

    def _reduced(self, result: Any, axis: Any) -> Any: ...


_T = TypeVar("_T")


def with_operators(class_: type[_T]) -> type[_T]:
    """Give the class every operator and reduction (a class decorator)."""
    for name in _BINARY:
        for prefix in ("", "r"):
            setattr(class_, f"__{prefix}{name}__", _operator(f"__{prefix}{name}__"))
        setattr(class_, f"__i{name}__", _in_place(f"__i{name}__"))
    for name in _COMPARISONS:
        setattr(class_, f"__{name}__", _operator(f"__{name}__"))
    for name in _REDUCTIONS:
        setattr(class_, name, _reduction(name))
    return class_


def _operator(name: str) -> Callable[..., Any]:
    masked = getattr(np.ma.MaskedArray, name)

    def operate(self: Gridded, other: Any) -> Any:
        plain, grid = self._together(other)
        return self._put(masked(self.plain(), plain), grid)

    return _named(operate, masked)


def _in_place(name: str) -> Callable[..., Any]:
    masked = getattr(np.ma.MaskedArray, name)

    def operate(self: Gridded, other: Any) -> Any:
        plain, _ = self._together(other)
        return masked(self, plain)

    return _named(operate, masked)


def _reduction(name: str) -> Callable[..., Any]:
    masked = getattr(np.ma.MaskedArray, name)

    def reduce(self: Gridded, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
        axes = self._axes(axis)
        return self._reduced(masked(self.plain(), axes, *args, **kwargs), axes)

    return _named(reduce, masked)


def _named(function: Callable[..., Any], model: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__, function.__doc__ = model.__name__, model.__doc__
    return function
