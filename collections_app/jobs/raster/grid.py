"""Where the cells of a raster lie: its axes, its reference system, its times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

X, Y, TIME, BAND = "x", "y", "time", "band"
# Edges that differ by less than this part of a cell are the same.
_TOLERANCE = 1e-6


class GridMismatch(ValueError):
    """Two rasters that are to be combined do not lie on the same grid."""


class Extent(NamedTuple):
    """The rectangle that cells cover, in units of the reference system."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float

    @property
    def width(self) -> float:
        """From west to east."""
        return self.xmax - self.xmin

    @property
    def height(self) -> float:
        """From south to north."""
        return self.ymax - self.ymin


@dataclass(frozen=True, slots=True)
class Axis:
    """Cells of one size in a row: the edges where the first begins and the last ends.

    `first` is the greater one where the coordinate falls from cell to cell.
    """

    first: float
    last: float
    length: int

    @property
    def step(self) -> float:
        """From one cell to the next; negative where the coordinate falls."""
        return (self.last - self.first) / self.length

    @property
    def centres(self) -> np.ndarray:
        """The coordinates of the cells' centres."""
        return self.first + (np.arange(self.length) + 0.5) * self.step

    def sliced(self, item: slice) -> "Axis | None":
        """The axis of some of the cells; None where there are none left.

        Every n-th cell becomes a cell n times as long around the same centre.
        """
        cells = range(self.length)[item]
        if not cells:
            return None
        stride = cells.step if len(cells) > 1 else 1
        before = cells[0] + 0.5 - stride / 2
        return Axis(self._edge(before), self._edge(before + stride * len(cells)), len(cells))

    def reversed(self) -> "Axis":
        """The same cells the other way round."""
        return Axis(self.last, self.first, self.length)

    def matches(self, other: "Axis") -> bool:
        """Whether the cells are the same ones."""
        within = abs(self.step) * _TOLERANCE
        return (
            self.length == other.length
            and abs(self.first - other.first) <= within
            and abs(self.last - other.last) <= within
        )

    def _edge(self, cells: float) -> float:
        """The coordinate so many cells after the first edge; the given one where it is known."""
        if cells == self.length:
            return self.last
        return self.first + cells * self.step


@dataclass(frozen=True, eq=False)
class Grid:
    """The meaning of an array's axes.

    `dims` names them in order: "y" and "x", and "time" or "band" (or another name) before, between
    or behind them. `crs` is an authority's code such as "EPSG:4326" or WKT, "" where it is not
    known. `times` are the instants along "time", datetime64 in UTC.
    """

    dims: tuple[str, ...]
    x: Axis
    y: Axis
    crs: str = ""
    times: np.ndarray | None = None

    @property
    def extent(self) -> Extent:
        """The rectangle that the cells cover."""
        xs, ys = sorted((self.x.first, self.x.last)), sorted((self.y.first, self.y.last))
        return Extent(xs[0], ys[0], xs[1], ys[1])

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether an array of this shape can lie on the grid."""
        if len(shape) != len(self.dims):
            return False
        lengths = {X: self.x.length, Y: self.y.length}
        if self.times is not None:
            lengths[TIME] = len(self.times)
        return all(
            lengths.get(dim, length) == length for dim, length in zip(self.dims, shape, strict=True)
        )

    def sliced(self, key: Any) -> "Grid | None":
        """The grid of `array[key]`; None where that has no grid any more.

        Slices of any step keep it, and so does choosing among times or bands.
        """
        items = _expanded(key, len(self.dims))
        if items is None:
            return None
        found: Grid | None = self
        for dim, item in zip(self.dims, items, strict=True):
            found = found._chosen(dim, item) if found is not None else None
        return found

    def without(self, axes: Iterable[int]) -> "Grid | None":
        """The grid after a reduction over these axes; None where x or y is one of them."""
        dims = {self.dims[axis] for axis in axes}
        if dims & {X, Y}:
            return None
        left = tuple(dim for dim in self.dims if dim not in dims)
        return replace(self, dims=left, times=None if TIME in dims else self.times)

    def common(self, other: "Grid") -> "Grid":
        """The grid of an operation, element by element, on arrays of both; or GridMismatch.

        The one with more axes counts; a reference system that only one of them knows counts too.
        """
        wide, narrow = (self, other) if len(self.dims) >= len(other.dims) else (other, self)
        if wide.dims[len(wide.dims) - len(narrow.dims) :] != narrow.dims:
            raise GridMismatch(f"Axes {wide.dims} and {narrow.dims} do not fit.")
        if not (wide.x.matches(narrow.x) and wide.y.matches(narrow.y)):
            raise GridMismatch(
                f"The rasters do not lie on the same grid: {wide._told()} and {narrow._told()}."
            )
        if not same_crs(wide.crs, narrow.crs):
            raise GridMismatch(f"The rasters' systems differ: {wide.crs} and {narrow.crs}.")
        if not _same_times(wide.times, narrow.times):
            raise GridMismatch("The rasters have different times.")
        times = narrow.times if wide.times is None and TIME in narrow.dims else wide.times
        return replace(wide, crs=wide.crs or narrow.crs, times=times)

    def _chosen(self, dim: str, item: Any) -> "Grid | None":
        if dim in (X, Y):
            axis = getattr(self, dim).sliced(item) if isinstance(item, slice) else None
            return None if axis is None else replace(self, **{dim: axis})
        if isinstance(item, slice):
            times = self.times[item] if dim == TIME and self.times is not None else self.times
            return replace(self, times=times)
        if np.ndim(item) == 0 and not isinstance(item, bool | np.bool_):
            return self.without([self.dims.index(dim)])
        if np.ndim(item) == 1 and isinstance(item, list | np.ndarray):
            times = self.times[item] if dim == TIME and self.times is not None else self.times
            return replace(self, times=times)
        return None

    def _told(self) -> str:
        numbers = ", ".join(f"{edge:.10g}" for edge in self.extent)
        order = "" if self.y.step < 0 else " from the south"
        return f"{self.x.length} x {self.y.length} cells in ({numbers}){order}"


def instants(values: Iterable[Any]) -> np.ndarray:
    """Times as datetime64 in UTC, from datetimes (with an offset, or in UTC) or datetime64."""
    import datetime as dt

    def naive(value: Any) -> Any:
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            return value.astimezone(dt.UTC).replace(tzinfo=None)
        return value

    return np.array([naive(value) for value in values], dtype="datetime64[us]")


def same_crs(one: str, other: str) -> bool:
    """Whether two names stand for the same system; one that is not known may be any."""
    if not one or not other or one == other:
        return True
    from rasterio.crs import CRS

    return bool(CRS.from_user_input(one) == CRS.from_user_input(other))


def _same_times(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is None or other is None or np.array_equal(one, other)


def _expanded(key: Any, dimensions: int) -> list[Any] | None:
    """An item for each axis; None where the key makes or mixes axes."""
    items = list(key) if isinstance(key, tuple) else [key]
    if any(item is None or isinstance(item, str) for item in items):
        return None
    ellipses = [index for index, item in enumerate(items) if item is Ellipsis]
    at = ellipses[0] if ellipses else len(items)
    rest = items[at + 1 :]
    filled = items[:at] + [slice(None)] * (dimensions - at - len(rest)) + rest
    return filled if len(filled) == dimensions else None
