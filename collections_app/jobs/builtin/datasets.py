"""Arrays from data sets; imports numpy."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from collections_app.jobs.raster import netcdf
from collections_app.jobs.raster.geotiff import UnreadableRaster
from core_api.background.tasks import TaskError

if TYPE_CHECKING:
    import xarray

_MOST_NAMES = 20


def array(dataset: "xarray.Dataset", variable: str, time: dt.datetime | None = None) -> Any:
    """A variable of a data set: a Raster where its axes say so, else a masked array.

    With a time, the step that is nearest to it. TaskError where there is no such variable, or it
    has no times, or no numbers.
    """
    if variable not in dataset.data_vars:
        names = ", ".join(map(str, list(dataset.data_vars)[:_MOST_NAMES])) or "none"
        raise TaskError(f"The dataset has no variable {variable!r}, only: {names}.")
    if time is not None:
        dataset = _at(dataset, variable, time)
    found = dataset[variable]
    if found.dtype.kind not in "biuf":
        raise TaskError(f"The variable {variable!r} has no numbers, but {found.dtype}.")
    try:
        raster = netcdf.from_dataset(dataset, variable)
    except UnreadableRaster:
        return np.ma.masked_where(_is_nan(found.values), found.values)
    return raster.masked_where(_is_nan(np.ma.getdata(raster)))


def _at(dataset: "xarray.Dataset", variable: str, time: dt.datetime) -> "xarray.Dataset":
    """The data set at the time step nearest to `time`."""
    for dim in dataset[variable].dims:
        if dim in dataset.coords and dataset[dim].dtype.kind == "M":
            wanted = np.datetime64(time.astimezone(dt.UTC).replace(tzinfo=None))
            steps = dataset[dim].values.astype("datetime64[us]")
            return dataset.isel({dim: int(np.abs(steps - wanted).argmin())})
    raise TaskError(f"The variable {variable!r} has no times.")


def _is_nan(values: np.ndarray) -> Any:
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, np.bool_)
