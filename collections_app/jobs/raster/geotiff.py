"""Rasters as GeoTIFF: any is read, cloud-optimised ones (COG) are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from collections_app.jobs.raster import nodata
from collections_app.jobs.raster.array import Raster
from collections_app.jobs.raster.grid import BAND, Axis, Grid, X, Y

# No sidecar files beside the one that is read: they could name others.
_OPTIONS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
_DRIVER = "GTiff"


class UnreadableRaster(ValueError):
    """A file that is no raster, or one that is not to be read here; the text says why."""


def read(file: Path | bytes, *, max_bytes: int) -> Raster:
    """The raster of a GeoTIFF, in its own type of numbers: (y, x), or (band, y, x) of several.

    Cells without data are masked. UnreadableRaster for what is none, turned, or larger than
    `max_bytes` once decoded, which is known before anything is.
    """
    with _opened(file) as dataset:
        if _bytes(dataset) > max_bytes:
            raise UnreadableRaster(f"has more than {max_bytes} bytes once decoded")
        grid = _grid(dataset)
        cells = dataset.read(masked=True)
        bands = [
            _scaled(*band) for band in zip(cells, dataset.scales, dataset.offsets, strict=True)
        ]
        found = bands[0] if dataset.count == 1 else np.ma.stack(bands)
        return Raster.on(found, grid, dataset.nodata)


def write(raster: Raster, path: Path) -> None:
    """Write a COG, with overviews; booleans become bytes, 16-bit floats 32-bit ones.

    ValueError for a raster that has times, or too many axes.
    """
    import rasterio
    from affine import Affine
    from rasterio.crs import CRS

    upright = raster.north_up()
    if upright.times is not None or upright.ndim > 3:
        raise ValueError("A GeoTIFF has no times.")
    cells = _storable(upright.plain())
    # GDAL keeps nodata as a double: integers of 64 bits get a mask in its place.
    is_wide = cells.dtype.kind in "iu" and cells.dtype.itemsize == 8
    value = None if is_wide else nodata.chosen(cells, raster.nodata)
    bands = cells if cells.ndim == 3 else cells[np.newaxis]
    x, y = upright.grid.x, upright.grid.y
    profile = {
        "driver": "COG",
        "width": x.length,
        "height": y.length,
        "count": bands.shape[0],
        "dtype": cells.dtype.name,
        "crs": CRS.from_user_input(raster.crs) if raster.crs else None,
        "transform": Affine(x.step, 0, x.first, 0, y.step, y.first),
        "nodata": value,
        "compress": "DEFLATE",
        "predictor": "YES",
        "bigtiff": "IF_SAFER",
    }
    with rasterio.Env(**_OPTIONS), rasterio.open(path, "w", **profile) as dataset:
        dataset.write(bands.filled(value) if value is not None else np.ma.getdata(bands))
        if value is None and np.ma.is_masked(bands):
            dataset.write_mask(_valid(np.ma.getmaskarray(bands)))


@contextmanager
def _opened(file: Path | bytes) -> Iterator[Any]:
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile

    if not file:
        raise UnreadableRaster("is empty")
    with rasterio.Env(**_OPTIONS):
        try:
            if isinstance(file, bytes):
                with MemoryFile(file) as memory, memory.open(driver=_DRIVER) as dataset:
                    yield dataset
            else:
                with rasterio.open(file, driver=_DRIVER) as dataset:
                    yield dataset
        except RasterioError as error:
            raise UnreadableRaster("is no GeoTIFF that can be read") from error


def _bytes(dataset: Any) -> int:
    """The bytes of the decoded cells, of one block where that is more; scaled ones are doubles."""
    cells = int(dataset.width * dataset.height * dataset.count)
    block = max(int(rows * columns) for rows, columns in dataset.block_shapes)
    is_scaled = (set(dataset.scales), set(dataset.offsets)) != ({1}, {0})
    sizes = [np.dtype(dtype).itemsize for dtype in dataset.dtypes]
    return max(cells, block) * (np.dtype(np.float64).itemsize if is_scaled else max(sizes))


def _grid(dataset: Any) -> Grid:
    transform = dataset.transform
    if transform.is_identity:
        raise UnreadableRaster("has no place on the earth (no geotransform)")
    if transform.b or transform.d:
        raise UnreadableRaster("is turned: its axes are not those of its system")
    x = Axis(transform.c, transform.c + dataset.width * transform.a, dataset.width)
    y = Axis(transform.f, transform.f + dataset.height * transform.e, dataset.height)
    dims = (Y, X) if dataset.count == 1 else (BAND, Y, X)
    return Grid(dims, x, y, _crs(dataset.crs))


def _crs(crs: Any) -> str:
    return "" if crs is None else str(crs.to_string())


def _scaled(cells: Any, scale: float, offset: float) -> Any:
    return cells if (scale, offset) == (1, 0) else cells * scale + offset


def _valid(mask: np.ndarray) -> Any:
    """The one mask that all bands share."""
    if not (mask == mask[0]).all():
        raise ValueError("Bands of integers of 64 bits must be masked at the same cells.")
    return ~mask[0]


def _storable(cells: Any) -> Any:
    if cells.dtype.kind == "b":
        return cells.astype(np.uint8)
    return cells.astype(np.float32) if cells.dtype == np.float16 else cells
