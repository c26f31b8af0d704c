"""The axes of a raster, from the shape of its array and the extent of its cells."""

from collections.abc import Sequence

import numpy as np

from collections_app.jobs.raster.grid import Axis, Extent, X, Y


def dims(dimensions: int, x_dim: int, y_dim: int, other: str) -> tuple[str, ...]:
    """The names of the axes, in order: x and y by their numbers, the others "other", "other2"..."""
    x, y = x_dim % dimensions, y_dim % dimensions
    if x == y:
        raise ValueError("x and y cannot be the same axis.")
    others = iter([other] + [f"{other}{number}" for number in range(2, dimensions)])
    return tuple(X if at == x else Y if at == y else next(others) for at in range(dimensions))


def axes(
    dims: tuple[str, ...], shape: Sequence[int], extent: Extent, y_increasing: bool
) -> tuple[Axis, Axis]:
    """The axes x and y, whose cells cover the extent; ValueError where there are none."""
    columns, rows = shape[dims.index(X)], shape[dims.index(Y)]
    if not (columns and rows):
        raise ValueError("A raster has one cell at least.")
    if not (np.isfinite(extent).all() and extent.width > 0 and extent.height > 0):
        raise ValueError(f"{tuple(extent)} is no extent (xmin, ymin, xmax, ymax).")
    edges = (extent.ymin, extent.ymax) if y_increasing else (extent.ymax, extent.ymin)
    return Axis(extent.xmin, extent.xmax, columns), Axis(*edges, rows)
