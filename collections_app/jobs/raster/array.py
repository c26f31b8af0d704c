"""Raster: a masked array of numpy on a grid.

Whatever numpy makes of a raster is a plain masked array, unless it is known to lie on a grid too:
the results of operators and other functions element by element, slices, and reductions over
times or bands. Rasters of different grids are never combined (GridMismatch).
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from collections_app.jobs.raster import functions, layout
from collections_app.jobs.raster.grid import BAND, TIME, Extent, Grid, X, Y, instants
from collections_app.jobs.raster.nodata import is_nodata, representable
from collections_app.jobs.raster.operators import with_operators

Masked = np.ma.MaskedArray


@with_operators
class Raster(np.ma.MaskedArray):
    """An array with an extent, whose cells that have no data are masked."""

    _grid: Grid
    nodata: float | int | None

    def __new__(
        cls,
        array: Any,
        extent: Sequence[float],
        x_dim: int = -1,
        y_dim: int = -2,
        y_increasing: bool = False,
        *,
        crs: str = "",
        nodata: float | int | None = None,
        times: Iterable[Any] | None = None,
    ) -> "Raster":
        """A raster that shares the array; its cells cover `extent` (xmin, ymin, xmax, ymax).

        `x_dim` and `y_dim` are the numbers of its axes; a third one is of times where `times` are
        given, of bands otherwise. The first row is the most northern one, unless `y_increasing`.
        Cells that equal `nodata` are masked. ValueError for what does not fit together.
        """
        masked = np.ma.asarray(array)
        if masked.ndim < 2:
            raise ValueError(f"A raster has two axes at least, not {masked.ndim}.")
        dims = layout.dims(masked.ndim, x_dim, y_dim, TIME if times is not None else BAND)
        x, y = layout.axes(dims, masked.shape, Extent(*map(float, extent)), y_increasing)
        known = None if times is None else instants(times)
        grid = Grid(dims, x, y, crs, known)
        if not grid.fits(masked.shape):
            raise ValueError(f"{0 if known is None else len(known)} times do not fit the array.")
        if nodata is not None:
            masked = np.ma.masked_where(is_nodata(masked, nodata), masked, copy=False)
        return cls.on(masked, grid, nodata)

    @classmethod
    def on(cls, array: Any, grid: Grid, nodata: float | int | None = None) -> "Raster":
        """A raster of an array, its data shared, on a grid; ValueError where it does not fit."""
        masked = np.ma.asarray(array).view(Masked)
        if not grid.fits(masked.shape):
            raise ValueError(f"An array of the shape {masked.shape} does not fit the grid.")
        # A view as Raster would not stay one: see __array_finalize__.
        masked.__class__ = cls
        raster: Raster = masked  # type: ignore[assignment]
        raster._grid, raster.nodata = grid, nodata
        if nodata is not None and representable(nodata, raster.dtype):
            raster.fill_value = nodata
        return raster

    def __array_finalize__(self, obj: Any) -> None:
        """Called by numpy for each new view: it is a plain array until it is put on a grid."""
        super().__array_finalize__(obj)
        self.__class__ = Masked  # type: ignore[assignment]

    @property
    def grid(self) -> Grid:
        """Where the cells lie."""
        return self._grid

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the axes, in order."""
        return self._grid.dims

    @property
    def extent(self) -> Extent:
        """The rectangle that the cells cover."""
        return self._grid.extent

    @property
    def crs(self) -> str:
        """The reference system: an authority's code, WKT, or ""."""
        return self._grid.crs

    @property
    def times(self) -> np.ndarray | None:
        """The instants along the axis of times (datetime64, UTC)."""
        return self._grid.times

    @property
    def x_dim(self) -> int:
        """The number of the axis from west to east."""
        return self.axis(X)

    @property
    def y_dim(self) -> int:
        """The number of the axis from north to south, or from south to north."""
        return self.axis(Y)

    @property
    def y_increasing(self) -> bool:
        """Whether the first row is the most southern one."""
        return self._grid.y.step > 0

    def axis(self, name: str) -> int:
        """The number of an axis: "x", "y", "time", "band"; ValueError where there is none."""
        if name not in self.dims:
            raise ValueError(f"The raster has no axis {name!r}, only {', '.join(self.dims)}.")
        return self.dims.index(name)

    def plain(self) -> np.ma.MaskedArray:
        """The same cells without the grid."""
        return self.view(Masked)

    def like(self, array: Any) -> "Raster":
        """Another array on the same grid; ValueError where its shape does not fit."""
        return type(self).on(array, self._grid, self.nodata)

    def masked_where(self, condition: Any) -> "Raster":
        """A copy whose cells are masked where the condition holds too."""
        _check_common(self, condition)
        return self.like(np.ma.masked_where(np.ma.filled(condition, True), self.plain()))

    def index(self, x: float, y: float) -> tuple[int, ...] | None:
        """The cell at a place, in the order of the axes x and y; None where it lies outside."""
        cells = {}
        for name, place, axis in ((X, x, self._grid.x), (Y, y, self._grid.y)):
            number = int(np.floor((place - axis.first) / axis.step))
            # The last edge belongs to the last cell.
            number -= place == axis.last
            if not 0 <= number < axis.length:
                return None
            cells[name] = number
        return tuple(cells[dim] for dim in self.dims if dim in cells)

    def north_up(self) -> "Raster":
        """The same raster with its axes in the order (time or band,) y, x, rows from the north."""
        others = [axis for axis in range(self.ndim) if self.dims[axis] not in (X, Y)]
        order = [*others, self.y_dim, self.x_dim]
        grid, array = self._grid, self.plain().transpose(order)
        dims = tuple(grid.dims[axis] for axis in order)
        x, y = grid.x, grid.y
        if y.step > 0:
            array, y = array[..., ::-1, :], y.reversed()
        if x.step < 0:
            array, x = array[..., ::-1], x.reversed()
        return type(self).on(array, Grid(dims, x, y, grid.crs, grid.times), self.nodata)

    def __getitem__(self, key: Any) -> Any:
        """The cells; a raster where they still lie on a grid."""
        key = _plain(key)
        result = self.plain()[key]
        return self._put(result, self._grid.sliced(key))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """What numpy calls for its functions element by element."""
        outs = kwargs.pop("out", ())
        grid = _check_common(*inputs, *outs)
        if outs:
            kwargs["out"] = tuple(map(_plain, outs))
        with np.errstate(divide="ignore", invalid="ignore"):
            result = functions.apply(ufunc, method, [_plain(one) for one in inputs], kwargs)
        if outs:
            return _written(outs, result)
        if method != "__call__":
            return result
        if isinstance(result, tuple):
            return tuple(self._put(one, grid) for one in result)
        return self._put(result, grid)

    def __array_function__(
        self, func: Any, types: Iterable[type], args: Iterable[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """What numpy calls for its other functions."""
        args = list(args)
        plain_args, plain_kwargs = _plain(args), _plain(dict(kwargs))
        masked = functions.MASKED.get(func, func)
        if func in functions.REDUCTIONS and args and args[0] is self:
            axis = self._axes(plain_kwargs.pop("axis", args[1] if len(args) > 1 else None))
            result = masked(plain_args[0], axis, *plain_args[2:], **plain_kwargs)
            return self._reduced(result, axis)
        result = masked(*plain_args, **plain_kwargs)
        if func in functions.CELL_BY_CELL:
            return self._put(result, _check_common(*args, *kwargs.values()))
        return result

    def copy(self, order: Any = "C") -> "Raster":
        """A copy of the cells on the same grid."""
        return self.like(self.plain().copy(order))

    def astype(self, *args: Any, **kwargs: Any) -> "Raster":
        """The cells as another type, on the same grid."""
        return self.like(self.plain().astype(*args, **kwargs))

    def clip(self, *args: Any, **kwargs: Any) -> Any:
        """The cells within bounds, on the same grid."""
        return self.like(self.plain().clip(*map(_plain, args), **kwargs))

    def round(self, *args: Any, **kwargs: Any) -> Any:
        """The cells rounded, on the same grid."""
        return self.like(self.plain().round(*args, **kwargs))

    def __copy__(self) -> "Raster":
        return self.copy()

    def __deepcopy__(self, memo: Any = None) -> "Raster":
        return self.like(copy.deepcopy(self.plain(), memo))

    def __reduce__(self) -> Any:
        return Raster.on, (self.plain(), self._grid, self.nodata)

    def _together(self, other: Any) -> tuple[Any, Grid | None]:
        """The other operand without its grid, and the grid of the result."""
        return _plain(other), _check_common(self, other)

    def _axes(self, axis: Any) -> Any:
        """Numbers of axes, whose names are taken too."""
        if isinstance(axis, str):
            return self.axis(axis)
        if isinstance(axis, tuple):
            return tuple(map(self._axes, axis))
        return axis

    def _reduced(self, result: Any, axis: Any) -> Any:
        axes = range(self.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        return self._put(result, self._grid.without([int(one) for one in axes]))

    def _put(self, result: Any, grid: Grid | None) -> Any:
        """An array on the grid where it fits, else what it is."""
        if grid is None or not isinstance(result, np.ndarray) or not grid.fits(result.shape):
            return result
        return type(self).on(result, grid, self.nodata)


def _plain(value: Any) -> Any:
    """The value with plain arrays in the place of rasters, in lists and mappings too."""
    if isinstance(value, Raster):
        return value.plain()
    if isinstance(value, list | tuple) and any(isinstance(one, Raster) for one in value):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _check_common(*values: Any) -> Grid | None:
    """The grid that the rasters among the values have in common, or GridMismatch."""
    found: Grid | None = None
    for value in values:
        if isinstance(value, Raster):
            found = value.grid if found is None else found.common(value.grid)
    return found


def _written(outs: Sequence[Any], result: Any) -> Any:
    """The arrays that were written to, with the masks of the results."""
    results = result if isinstance(result, tuple) else (result,)
    for out, one in zip(outs, results, strict=True):
        if isinstance(out, Raster):
            out.mask = np.ma.getmask(one)
    return outs[0] if len(outs) == 1 else tuple(outs)
