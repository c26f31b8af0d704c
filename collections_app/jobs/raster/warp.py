"""Rasters on another grid: of another system, other cells, or both."""

from typing import Any

import numpy as np

from collections_app.jobs.raster import nodata
from collections_app.jobs.raster.array import Raster
from collections_app.jobs.raster.grid import Grid, X, Y


def resampled(raster: Raster, grid: Grid, method: str = "nearest") -> Raster:
    """The raster on the y and x of another grid, masked where it does not reach.

    `method` is one of GDAL's: nearest, bilinear, cubic, average, mode ... ValueError for another,
    and for systems that are not known.
    """
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    if method not in Resampling.__members__:
        raise ValueError(f"There is no resampling {method!r}.")
    if not (raster.crs and grid.crs):
        raise ValueError("Both systems must be known.")
    upright = raster.north_up()
    cells: Any = upright.plain()
    value: Any = nodata.chosen(cells, raster.nodata, needed=True)
    target = np.full((*cells.shape[:-2], grid.y.length, grid.x.length), value, cells.dtype)
    reproject(
        cells.filled(value),
        target,
        src_transform=_transform(upright.grid),
        src_crs=raster.crs,
        src_nodata=value,
        dst_transform=_transform(grid),
        dst_crs=grid.crs,
        dst_nodata=value,
        resampling=Resampling[method],
    )
    dims = (*upright.dims[:-2], Y, X)
    masked = np.ma.masked_where(nodata.is_nodata(target, value), target)
    return Raster.on(masked, Grid(dims, grid.x, grid.y, grid.crs, upright.times), raster.nodata)


def _transform(grid: Grid) -> Any:
    from affine import Affine

    return Affine(grid.x.step, 0, grid.x.first, 0, grid.y.step, grid.y.first)
