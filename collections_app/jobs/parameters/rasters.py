"""Rasters: a link, a file in base64, a reference, or an array with its extent, on the wire."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from collections_app.jobs.parameters import arrays, crs, files, nested, references, registry
from collections_app.jobs.parameters.base import Parameter, ParameterError, inside
from collections_app.jobs.parameters.limits import MAX_ARRAY_BYTES, MAX_INLINE_CELLS
from collections_app.jobs.parameters.literals import DateTimeParameter
from collections_app.jobs.parameters.references import GEOTIFF, NETCDF, Source
from core_api.background.tasks import Json, Run
from core_api.wire.times import to_rfc3339

if TYPE_CHECKING:
    from collections_app.jobs.raster import Raster

_FORMATS = (GEOTIFF, NETCDF)
_MEMBERS = frozenset({"array", "extent", "crs", "nodata", "times", "yIncreasing"})
_TIME = DateTimeParameter("times")
_NUMBER = {"type": "number"}


@dataclass(frozen=True)
class RasterParameter(Parameter):
    """A raster: cells with an extent, a reference system, no data, and times.

    `variable` is the one that is read of a NetCDF file; without it the file has only one.
    """

    type: ClassVar[str] = "raster"

    _: KW_ONLY
    variable: str = ""

    @property
    def takes_files(self) -> bool:
        """It does."""
        return True

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of every form."""
        return {"anyOf": [_INLINE, *references.schemas(_FORMATS)]}

    def check_value(self, value: Json) -> None:
        """Check the form; a file's raster is read in the job."""
        source = None if _is_inline(value) else references.source(value, _FORMATS)
        if source is not None:
            source.check()
        elif not _is_inline(value):
            raise ParameterError("must be a link, a file in base64, a reference or an array")
        else:
            _check_inline(value)

    def parse_value(self, value: Json, run: Run | None) -> "Raster":
        """The raster, whole in memory."""
        source = None if _is_inline(value) else references.source(value, _FORMATS)
        if source is None:
            return _from_inline(value)
        return self._resolved(source, run) if source.reference else self._read(source, run)

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """A link to a COG, or to a NetCDF file where it has times; written out without a run."""
        from collections_app.jobs.raster import Raster, geotiff, netcdf

        if not isinstance(value, Raster):
            raise ParameterError(f"must be a Raster, not {type(value).__name__}")
        if run is None and value.size <= MAX_INLINE_CELLS:
            return _to_inline(value)
        file_format = GEOTIFF if value.times is None else NETCDF
        write = geotiff.write if value.times is None else netcdf.write
        try:
            return files.keep(self.name, file_format, run, lambda path: write(value, path))
        except ParameterError:
            raise
        except ValueError as error:
            raise ParameterError(f"cannot be written: {error}") from error

    def _read(self, source: Source, run: Run | None) -> "Raster":
        from collections_app.jobs.raster import geotiff, netcdf

        file_format, file = source.open(run)
        try:
            if file_format is GEOTIFF:
                return geotiff.read(file, max_bytes=MAX_ARRAY_BYTES)
            return netcdf.read(file, self.variable, max_bytes=MAX_ARRAY_BYTES)
        except geotiff.UnreadableRaster as error:
            raise ParameterError(str(error), source.pointer) from error

    def _resolved(self, source: Source, run: Run | None) -> "Raster":
        from collections_app.jobs.raster import Raster

        found = registry.resolve(source.reference, run)
        if not isinstance(found, Raster):
            raise ParameterError("stands for no raster")
        return found


def _is_inline(value: Json) -> bool:
    return isinstance(value, dict) and "array" in value


def _check_inline(value: Mapping[str, Json]) -> None:
    for key in value:
        if key not in _MEMBERS:
            raise ParameterError("is no member of a raster", f"/{key[:100]}")
    with inside("array"):
        shape = nested.shape(value["array"])
        if len(shape) not in (2, 3) or not all(shape):
            raise ParameterError("must have rows and columns, and bands or times before them")
    with inside("extent"):
        _check_extent(value.get("extent"))
    if value.get("crs") is not None:
        with inside("crs"):
            crs.code(value["crs"])
    nodata = value.get("nodata")
    if nodata is not None and not _is_number(nodata):
        raise ParameterError("must be a finite number", "/nodata")
    if not isinstance(value.get("yIncreasing", False), bool):
        raise ParameterError("must be true or false", "/yIncreasing")
    if value.get("times") is not None:
        with inside("times"):
            _check_times(value["times"], shape)


def _check_extent(extent: Json) -> None:
    if not (isinstance(extent, list) and len(extent) == 4 and all(map(_is_number, extent))):
        raise ParameterError("must be [xmin, ymin, xmax, ymax]")
    if not (extent[0] < extent[2] and extent[1] < extent[3]):
        raise ParameterError("must have its minima before its maxima")


def _check_times(times: Json, shape: tuple[int, ...]) -> None:
    if len(shape) != 3 or not isinstance(times, list) or len(times) != shape[0]:
        raise ParameterError("must be a list with one time for each grid of the array")
    for index, time in enumerate(times):
        with inside(index):
            _TIME.check(time)


def _from_inline(value: Mapping[str, Json]) -> "Raster":
    from collections_app.jobs.raster import Raster

    array = arrays.from_lists(value["array"])
    times = value.get("times")
    system = "" if value.get("crs") is None else crs.code(value["crs"])
    if system:
        with inside("crs"):
            crs.check_known(system)
    x_dim, y_dim = array.ndim - 1, array.ndim - 2
    return Raster(
        array,
        value["extent"],
        x_dim,
        y_dim,
        value.get("yIncreasing", False),
        crs=system,
        nodata=value.get("nodata"),
        times=None if times is None else [_TIME.parse(time) for time in times],
    )


def _to_inline(raster: "Raster") -> Json:
    upright = raster.north_up()
    inline: dict[str, Json] = {
        "array": arrays.to_lists(upright.plain()),
        "extent": list(raster.extent),
    }
    if raster.crs:
        with inside("crs"):
            inline["crs"] = crs.code(raster.crs)
    if raster.nodata is not None and math.isfinite(raster.nodata):
        inline["nodata"] = raster.nodata
    if raster.times is not None:
        times = [time.replace(tzinfo=dt.UTC) for time in raster.times.tolist()]
        inline["times"] = [to_rfc3339(time) for time in times]
    return inline


def _is_number(value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 10**308


_INLINE: Mapping[str, Json] = {
    "type": "object",
    "title": "An array with its extent",
    "properties": {
        "array": {
            "type": "array",
            "description": "Rows from the north, null where there is no data; several grids of "
            "bands or times are a list of such arrays.",
        },
        "extent": {
            "type": "array",
            "prefixItems": [_NUMBER] * 4,
            "minItems": 4,
            "maxItems": 4,
            "description": "xmin, ymin, xmax, ymax in units of the reference system",
        },
        "crs": {"type": ["string", "null"], "examples": ["EPSG:4326"]},
        "nodata": {"type": ["number", "null"]},
        "times": {"type": ["array", "null"], "items": {"type": "string", "format": "date-time"}},
        "yIncreasing": {"type": "boolean", "description": "rows from the south"},
    },
    "required": ["array", "extent"],
    "additionalProperties": False,
}
