"""Rasters and data sets as NetCDF (HDF5), by the CF conventions."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from collections_app.jobs.raster import hdf5, nodata
from collections_app.jobs.raster.array import Raster
from collections_app.jobs.raster.geotiff import UnreadableRaster
from collections_app.jobs.raster.grid import BAND, TIME, Axis, Grid, X, Y

if TYPE_CHECKING:
    import xarray

_X_NAMES = frozenset({"x", "lon", "longitude", "rlon", "projection_x_coordinate"})
_Y_NAMES = frozenset({"y", "lat", "latitude", "rlat", "projection_y_coordinate"})
_DEFAULT_NAME = "data"
# Centres of cells may differ by this part of a cell from even spacing.
_TOLERANCE = 1e-3
_WKT = re.compile(r"(?:GEOG|PROJ|GEOD|COMP|BOUND|GEOC)[A-Z_]*\[")
_MAX_WKT = 65536
# For lack of a mapping's CF name its parameters are given as WKT alone (CF 5.6.1).
_GEOGRAPHIC = {"grid_mapping_name": "latitude_longitude"}


def read_dataset(file: Path | bytes, *, max_bytes: int, decoded: bool = True) -> "xarray.Dataset":
    """The data set of a NetCDF file, whole in memory; UnreadableRaster where it is none.

    It is checked first (see hdf5.check). `decoded` makes floats with NaN of scaled and missing
    values.
    """
    with _opened(file, max_bytes, decoded) as dataset:
        loaded: xarray.Dataset = dataset.load()
        return loaded


def write_dataset(dataset: "xarray.Dataset", path: Path) -> None:
    """Write a NetCDF file of a data set, compressed; ValueError where it cannot hold it."""
    encoding = {
        name: {"zlib": True, "complevel": 4}
        for name, variable in dataset.data_vars.items()
        if variable.ndim and variable.dtype.kind in "biuf"
    }
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def read(file: Path | bytes, variable: str = "", *, max_bytes: int) -> Raster:
    """The raster of a variable, of the only one by default; UnreadableRaster where none is."""
    dataset = read_dataset(file, max_bytes=max_bytes, decoded=False)
    return from_dataset(dataset, variable)


def from_dataset(dataset: "xarray.Dataset", variable: str = "") -> Raster:
    """The raster of a variable of a data set, of the only one with x and y by default."""
    found = dataset[_variable(dataset, variable)]
    x, y = _dimension(found, _X_NAMES), _dimension(found, _Y_NAMES)
    names = {x: X, y: Y}
    others = [dim for dim in found.dims if dim not in names]
    times = None
    for dim in others:
        is_time = found[dim].dtype.kind == "M" if dim in found.coords else False
        names[dim] = TIME if is_time else BAND
        times = found[dim].values.astype("datetime64[us]") if is_time else times
    if len(others) > 1:
        raise UnreadableRaster(f"has a variable with more than three axes: {found.dims}")
    dims = tuple(names[dim] for dim in found.dims)
    grid = Grid(dims, _axis(found[x].values), _axis(found[y].values), _crs(dataset, found), times)
    cells, value = _cells(found)
    return Raster.on(cells, grid, value)


def to_dataset(raster: Raster, name: str = _DEFAULT_NAME) -> "xarray.Dataset":
    """A data set with the raster as its only variable, by CF: coordinates, times, mapping."""
    import xarray

    upright = raster.north_up()
    cells: Any = upright.plain()
    if cells.dtype.kind == "b":
        cells = cells.astype(np.uint8)
    value = nodata.chosen(cells, raster.nodata)
    mapping, is_geographic = _mapping(raster)
    names = {X: "lon", Y: "lat"} if is_geographic else {X: X, Y: Y}
    dims = [names.get(dim, dim) for dim in upright.dims]
    attributes = {"grid_mapping": "crs"} if raster.crs else {}
    if value is not None:
        attributes["_FillValue"] = cells.dtype.type(value)
    filled = cells.filled(value) if value is not None else np.ma.getdata(cells)
    coordinates: dict[str, Any] = {
        names[X]: (names[X], upright.grid.x.centres, _attributes(X, is_geographic)),
        names[Y]: (names[Y], upright.grid.y.centres, _attributes(Y, is_geographic)),
    }
    if raster.times is not None:
        coordinates[TIME] = (TIME, raster.times, {"standard_name": "time", "axis": "T"})
    variables: dict[str, Any] = {name: (dims, filled, attributes)}
    if raster.crs:
        variables["crs"] = ((), np.int32(0), mapping)
    return xarray.Dataset(variables, coordinates, {"Conventions": "CF-1.8"})


def write(raster: Raster, path: Path, name: str = _DEFAULT_NAME) -> None:
    """Write a NetCDF file with the raster as its variable `name`."""
    write_dataset(to_dataset(raster, name), path)


@contextmanager
def _opened(file: Path | bytes, max_bytes: int, decoded: bool) -> Iterator[Any]:
    import xarray

    try:
        hdf5.check(file, max_bytes=max_bytes)
    except hdf5.UnsafeFile as error:
        raise UnreadableRaster(str(error)) from error
    except (OSError, RuntimeError, KeyError) as error:
        raise UnreadableRaster("is no NetCDF file that can be read") from error
    source: Any = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        with xarray.open_dataset(source, engine="h5netcdf", mask_and_scale=decoded) as dataset:
            yield dataset
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise UnreadableRaster("is no NetCDF file that can be read") from error


def _variable(dataset: "xarray.Dataset", wanted: str) -> str:
    if wanted:
        if wanted not in dataset.data_vars:
            raise UnreadableRaster(f"has no variable {wanted!r}")
        return wanted
    grids = [str(name) for name, found in dataset.data_vars.items() if found.ndim >= 2]
    if len(grids) != 1:
        named = ", ".join(grids[:10]) or "none"
        raise UnreadableRaster(f"must have one variable with axes, not {len(grids)} ({named})")
    return grids[0]


def _dimension(found: Any, names: frozenset[str]) -> Any:
    """The axis of a variable that is x or y by its name or its coordinate's standard name."""
    for dim in found.dims:
        attributes = found[dim].attrs if dim in found.coords else {}
        if str(dim).lower() in names or attributes.get("standard_name") in names:
            if dim in found.coords:
                return dim
            raise UnreadableRaster(f"has no coordinates along {dim}")
    raise UnreadableRaster(f"has no axis {min(names, key=len)} among {found.dims}")


def _axis(centres: np.ndarray) -> Axis:
    centres = centres.astype(np.float64)
    if len(centres) < 2:
        raise UnreadableRaster("has an axis of one cell, whose size is not known")
    step = (centres[-1] - centres[0]) / (len(centres) - 1)
    if not np.isfinite(step) or not step:
        raise UnreadableRaster("has an axis whose coordinates do not rise or fall")
    if np.abs(np.diff(centres) - step).max() > abs(step) * _TOLERANCE:
        raise UnreadableRaster("has an axis whose cells are not of one size")
    return Axis(float(centres[0] - step / 2), float(centres[-1] + step / 2), len(centres))


def _crs(dataset: "xarray.Dataset", found: Any) -> str:
    """The system of a variable's grid mapping; of degrees where its axes are in degrees."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    mapping = found.attrs.get("grid_mapping", found.encoding.get("grid_mapping"))
    attributes = dataset[mapping].attrs if mapping in dataset.variables else {}
    text = str(attributes.get("crs_wkt") or attributes.get("spatial_ref") or "")
    if text:
        # GDAL takes what is no WKT for a file or an address, and opens it.
        if not _WKT.match(text) or len(text) > _MAX_WKT:
            raise UnreadableRaster("has a reference system that is no WKT")
        try:
            return str(CRS.from_wkt(text).to_string())
        except CRSError as error:
            raise UnreadableRaster("has a reference system that cannot be read") from error
    units = {str(found[dim].attrs.get("units", "")) for dim in found.dims if dim in found.coords}
    return "EPSG:4326" if any(one.startswith("degrees_") for one in units) else ""


def _cells(found: Any) -> tuple[Any, float | int | None]:
    """The cells of a variable as they are stored, scaled where they are, and their nodata."""
    attributes = found.attrs | found.encoding
    cells = np.ma.asarray(found.values)
    if cells.dtype.kind not in "biuf":
        raise UnreadableRaster(f"has cells of the type {cells.dtype}, which are no numbers")
    value: float | int | None = None
    for key in ("_FillValue", "missing_value"):
        if np.ndim(attributes.get(key, ())) == 0:
            value = np.asarray(attributes[key]).item() if value is None else value
            cells = np.ma.masked_where(nodata.is_nodata(cells, attributes[key]), cells)
    scale, offset = attributes.get("scale_factor", 1), attributes.get("add_offset", 0)
    if scale != 1 or offset != 0:
        return cells * scale + offset, None
    return cells, value


def _mapping(raster: Raster) -> tuple[dict[str, str], bool]:
    """The attributes of the grid mapping, and whether the axes are in degrees."""
    from rasterio.crs import CRS

    if not raster.crs:
        return {}, False
    crs = CRS.from_user_input(raster.crs)
    wkt = crs.to_wkt()
    attributes = {"crs_wkt": wkt, "spatial_ref": wkt}
    return (attributes | _GEOGRAPHIC if crs.is_geographic else attributes), crs.is_geographic


def _attributes(dim: str, is_geographic: bool) -> dict[str, str]:
    axis = dim.upper()
    if is_geographic:
        name, units = ("longitude", "degrees_east") if dim == X else ("latitude", "degrees_north")
        return {"standard_name": name, "units": units, "axis": axis}
    return {"standard_name": f"projection_{dim}_coordinate", "axis": axis}
