"""Rasters and data sets as NetCDF (HDF5), by the CF conventions."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from collections_app.jobs.raster import gridmapping, hdf5, nodata
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
_BOUNDS = "bnds"
_MISSING = ("_FillValue", "missing_value")


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
    """The raster of a variable of a data set, of the only one with x and y by default.

    The data set may be decoded (`read_dataset`) or not.
    """
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
    grid = Grid(
        dims, _axis(dataset, found[x]), _axis(dataset, found[y]), _crs(dataset, found), times
    )
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
    crs = _system(raster)
    is_geographic = crs is not None and crs.is_geographic
    names = {X: "lon", Y: "lat"} if is_geographic else {X: X, Y: Y}
    dims = [names.get(dim, dim) for dim in upright.dims]
    attributes = {"grid_mapping": "crs"} if raster.crs else {}
    if value is not None:
        attributes["_FillValue"] = cells.dtype.type(value)
    filled = cells.filled(value) if value is not None else np.ma.getdata(cells)
    coordinates: dict[str, Any] = {}
    variables: dict[str, Any] = {name: (dims, filled, attributes)}
    for dim, axis in ((X, upright.grid.x), (Y, upright.grid.y)):
        about = _attributes(dim, crs)
        if axis.length == 1:
            # The centre alone does not tell how large the cell is.
            about["bounds"] = f"{names[dim]}_{_BOUNDS}"
            variables[about["bounds"]] = ((names[dim], _BOUNDS), [[axis.first, axis.last]])
        coordinates[names[dim]] = (names[dim], axis.centres, about)
    if raster.times is not None:
        coordinates[TIME] = (TIME, raster.times, {"standard_name": "time", "axis": "T"})
    if crs is not None:
        variables["crs"] = ((), np.int32(0), gridmapping.attributes(crs))
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
    bounds = {_bounds_of(found) for found in dataset.coords.values()}
    grids = [
        str(name)
        for name, found in dataset.data_vars.items()
        if found.ndim >= 2 and name not in bounds
    ]
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


def _bounds_of(coordinate: Any) -> str:
    """The name of the variable with the edges of a coordinate's cells (CF 7.1); "" for none."""
    return str(coordinate.attrs.get("bounds", coordinate.encoding.get("bounds", "")))


def _axis(dataset: "xarray.Dataset", coordinate: Any) -> Axis:
    centres = coordinate.values.astype(np.float64)
    if len(centres) == 1:
        return _only_cell(dataset.variables.get(_bounds_of(coordinate)))
    step = (centres[-1] - centres[0]) / (len(centres) - 1)
    if not np.isfinite(step) or not step:
        raise UnreadableRaster("has an axis whose coordinates do not rise or fall")
    if np.abs(np.diff(centres) - step).max() > abs(step) * _TOLERANCE:
        raise UnreadableRaster("has an axis whose cells are not of one size")
    return Axis(float(centres[0] - step / 2), float(centres[-1] + step / 2), len(centres))


def _only_cell(bounds: Any) -> Axis:
    """The axis of one cell between its bounds."""
    edges = np.array([]) if bounds is None else np.asarray(bounds.values, np.float64).ravel()
    if len(edges) != 2 or not np.isfinite(edges).all() or edges[0] == edges[1]:
        raise UnreadableRaster("has an axis of one cell, whose size is not known")
    return Axis(float(edges[0]), float(edges[1]), 1)


def _crs(dataset: "xarray.Dataset", found: Any) -> str:
    """The system of a variable's grid mapping; of degrees where its axes are in degrees."""
    mapping = found.attrs.get("grid_mapping", found.encoding.get("grid_mapping"))
    if mapping in dataset.variables and (crs := gridmapping.system(dataset[mapping].attrs)):
        return crs
    units = {str(found[dim].attrs.get("units", "")) for dim in found.dims if dim in found.coords}
    return "EPSG:4326" if any(one.startswith("degrees_") for one in units) else ""


def _cells(found: Any) -> tuple[Any, float | int | None]:
    """The cells of a variable as they are stored, scaled where they are, and their nodata.

    What xarray has decoded is in the encoding: it is not to be decoded twice.
    """
    attributes = found.attrs
    cells = np.ma.asarray(found.values)
    if cells.dtype.kind not in "biuf":
        raise UnreadableRaster(f"has cells of the type {cells.dtype}, which are no numbers")
    value: float | int | None = None
    for key in _MISSING:
        if np.ndim(attributes.get(key, ())) == 0:
            value = np.asarray(attributes[key]).item() if value is None else value
            cells = np.ma.masked_where(nodata.is_nodata(cells, attributes[key]), cells)
    if cells.dtype.kind == "f" and not found.encoding.keys().isdisjoint(_MISSING):
        cells = np.ma.masked_where(np.isnan(np.ma.getdata(cells)), cells)
    scale, offset = attributes.get("scale_factor", 1), attributes.get("add_offset", 0)
    if scale != 1 or offset != 0:
        return cells * scale + offset, None
    return cells, value


def _system(raster: Raster) -> Any:
    """The reference system as rasterio has it; None where it is not known."""
    from rasterio.crs import CRS

    return CRS.from_user_input(raster.crs) if raster.crs else None


def _attributes(dim: str, crs: Any) -> dict[str, str]:
    axis = dim.upper()
    if crs is not None and crs.is_geographic:
        name, units = ("longitude", "degrees_east") if dim == X else ("latitude", "degrees_north")
        return {"standard_name": name, "units": units, "axis": axis}
    metres = {"units": "m"} if crs is not None and crs.linear_units == "metre" else {}
    return {"standard_name": f"projection_{dim}_coordinate", "axis": axis} | metres
