"""Data sets of xarray: NetCDF files on the wire."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from collections_app.jobs.parameters import files, references, registry
from collections_app.jobs.parameters.base import Parameter, ParameterError
from collections_app.jobs.parameters.limits import MAX_ARRAY_BYTES
from collections_app.jobs.parameters.references import NETCDF
from core_api.background.tasks import Json, Run

if TYPE_CHECKING:
    import xarray

_FORMATS = (NETCDF,)


@dataclass(frozen=True)
class DatasetParameter(Parameter):
    """A data set of several variables on common axes (xarray.Dataset), whole in memory."""

    type: ClassVar[str] = "dataset"

    @property
    def takes_files(self) -> bool:
        """It does."""
        return True

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of a link, of base64 text and of a reference."""
        return {"anyOf": references.schemas(_FORMATS)}

    def check_value(self, value: Json) -> None:
        """Check the form; the file itself is read in the job."""
        source = references.source(value, _FORMATS)
        if source is None:
            raise ParameterError("must be a link, a NetCDF file in base64, or a reference")
        source.check()

    def parse_value(self, value: Json, run: Run | None) -> "xarray.Dataset":
        """The data set."""
        import xarray

        from collections_app.jobs.raster import Raster, geotiff, netcdf

        source = references.source(value, _FORMATS)
        assert source is not None
        if source.reference:
            found = registry.resolve(source.reference, run)
            if isinstance(found, Raster):
                return netcdf.to_dataset(found)
            if not isinstance(found, xarray.Dataset):
                raise ParameterError("stands for no data set")
            return found
        try:
            return netcdf.read_dataset(source.open(run)[1], max_bytes=MAX_ARRAY_BYTES)
        except geotiff.UnreadableRaster as error:
            raise ParameterError(str(error), source.pointer) from error

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """A link to a NetCDF file."""
        import xarray

        from collections_app.jobs.raster import netcdf

        if not isinstance(value, xarray.Dataset):
            raise ParameterError(f"must be an xarray.Dataset, not {type(value).__name__}")
        try:
            write = netcdf.write_dataset
            return files.keep(self.name, NETCDF, run, lambda path: write(value, path))
        except ParameterError:
            raise
        except (ValueError, TypeError) as error:
            raise ParameterError(f"cannot be written: {error}") from error
