"""Parameter types: how the values of processes look to clients, and how they become Python's.

Importing this imports neither numpy nor rasterio: a value is checked without them.
"""

from collections_app.jobs.parameters.annotations import (
    About,
    Items,
    Number,
    Text,
    from_annotation,
)
from collections_app.jobs.parameters.arrays import NdArrayParameter
from collections_app.jobs.parameters.base import MISSING, Parameter, ParameterError
from collections_app.jobs.parameters.containers import (
    AnyParameter,
    DictParameter,
    ListParameter,
    MultiParameter,
)
from collections_app.jobs.parameters.datasets import DatasetParameter
from collections_app.jobs.parameters.features import (
    FeatureCollectionParameter,
    FeatureParameter,
)
from collections_app.jobs.parameters.literals import (
    BooleanParameter,
    DateTimeParameter,
    FloatParameter,
    IntParameter,
    NumberParameter,
    StringParameter,
)
from collections_app.jobs.parameters.rasters import RasterParameter
from collections_app.jobs.parameters.registry import (
    as_parameter,
    forget_scheme,
    make,
    register,
    register_scheme,
    types,
)

__all__ = [
    "MISSING",
    "About",
    "AnyParameter",
    "BooleanParameter",
    "DatasetParameter",
    "DateTimeParameter",
    "DictParameter",
    "FeatureCollectionParameter",
    "FeatureParameter",
    "FloatParameter",
    "IntParameter",
    "Items",
    "ListParameter",
    "MultiParameter",
    "NdArrayParameter",
    "Number",
    "NumberParameter",
    "Parameter",
    "ParameterError",
    "RasterParameter",
    "StringParameter",
    "Text",
    "as_parameter",
    "forget_scheme",
    "from_annotation",
    "make",
    "register",
    "register_scheme",
    "types",
]

register("any", AnyParameter)
register("string", StringParameter, classes=("builtins.str",))
register("number", NumberParameter)
register("integer", IntParameter, classes=("builtins.int",))
register("float", FloatParameter, classes=("builtins.float",))
register("boolean", BooleanParameter, classes=("builtins.bool",))
register("date-time", DateTimeParameter, classes=("datetime.datetime",))
register("list", ListParameter)
register("multiple", MultiParameter)
register("dict", DictParameter)
register("array", NdArrayParameter, classes=("numpy.ndarray",))
register("raster", RasterParameter, classes=("collections_app.jobs.raster.array.Raster",))
register("feature", FeatureParameter)
register("feature_collection", FeatureCollectionParameter)
register("dataset", DatasetParameter, classes=("xarray.Dataset", "xarray.core.dataset.Dataset"))
# The names that workflows written for ncdjango have.
register("int", IntParameter)
register("bool", BooleanParameter)
register("raster_dataset", DatasetParameter)
register("feature_dataset", FeatureCollectionParameter)
