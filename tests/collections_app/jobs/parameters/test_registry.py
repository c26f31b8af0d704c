"""Types by name and by annotation."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pytest
import xarray

from collections_app.jobs import parameters
from collections_app.jobs.parameters import (
    About,
    DictParameter,
    FloatParameter,
    IntParameter,
    Items,
    ListParameter,
    NdArrayParameter,
    Number,
    Parameter,
    StringParameter,
    Text,
    from_annotation,
    registry,
)
from collections_app.jobs.raster import Raster


@pytest.mark.parametrize(
    ("annotation", "type_name"),
    [
        (int, "integer"),
        (float, "float"),
        (str, "string"),
        (bool, "boolean"),
        (dt.datetime, "date-time"),
        (list[int], "list"),
        (tuple[int, ...], "list"),
        (Iterator[float], "list"),
        (dict, "dict"),
        (dict[str, int], "dict"),
        (Any, "any"),
        (int | str, "multiple"),
        (np.ndarray, "array"),
        (Raster, "raster"),
        (xarray.Dataset, "dataset"),
        (Literal["a", "b"], "string"),
        (Literal[1, 2], "integer"),
    ],
)
def test_annotations_have_types(annotation: Any, type_name: str) -> None:
    parameter = from_annotation(annotation, "a")
    assert (parameter.name, parameter.type) == ("a", type_name)
    assert parameter.required
    assert parameter.schema() == from_annotation(annotation, "b").schema()


def test_what_may_be_none_takes_null() -> None:
    parameter = from_annotation(int | None, "a")
    assert (parameter.required, parameter.default, parameter.nullable) == (False, None, True)
    assert parameter.parse(None) is None
    assert from_annotation(int | None, "a", 3).default == 3


def test_annotated_says_more() -> None:
    assert from_annotation(
        Annotated[float, Number(minimum=0), About(title="Size"), "In metres."], "a", 2.0
    ) == FloatParameter("a", minimum=0, title="Size", description="In metres.", default=2.0)
    assert from_annotation(Annotated[str, Text(pattern="x+")], "a") == StringParameter(
        "a", pattern="x+"
    )
    assert from_annotation(list[Annotated[int, Number(maximum=9)]], "a") == ListParameter(
        IntParameter("", maximum=9), "a"
    )
    assert from_annotation(Annotated[list[str], Items(max_items=2)], "a") == ListParameter(
        StringParameter(""), "a", max_items=2
    )


def test_a_parameter_in_annotated_is_taken_as_it_is() -> None:
    given = NdArrayParameter("x", shape=(2, 2))
    assert from_annotation(Annotated[np.ndarray, given], "a") == NdArrayParameter("a", shape=(2, 2))
    assert given.name == "x"
    assert not from_annotation(Annotated[int, IntParameter()], "a", 3).required


@pytest.mark.parametrize("annotation", [object(), bytes, complex, tuple[int, str], Literal["a", 1]])
def test_what_has_no_type_is_refused(annotation: Any) -> None:
    with pytest.raises(TypeError):
        from_annotation(annotation, "a")


@pytest.mark.parametrize(
    "specification",
    [
        ListParameter(NdArrayParameter("")),
        {"type": "list", "param_type": "array"},
        ["list", [[["array", [[""], {}]]], {}]],
        ["list", [[["array", [[""], {}]], ""], {"required": True}]],
    ],
)
def test_nested_types_are_specified_in_several_ways(specification: Any) -> None:
    assert parameters.as_parameter(specification) == ListParameter(NdArrayParameter(""))


def test_parameters_are_made_by_the_name_of_their_type() -> None:
    assert parameters.make("int", "a", minimum=1) == IntParameter("a", minimum=1)
    assert parameters.make("list", "a", "string") == ListParameter(StringParameter(""), "a")
    assert parameters.make("dict", "a", values="int") == DictParameter("a", values=IntParameter())
    with pytest.raises(LookupError, match="no parameter type 'nothing'"):
        parameters.make("nothing", "a")
    with pytest.raises(TypeError, match="5 is no parameter"):
        parameters.make("list", "a", 5)


class Temperature:
    """A class of a feature above."""


@dataclass(frozen=True)
class TemperatureParameter(Parameter):
    type = "temperature"


def test_features_above_add_their_types() -> None:
    name = f"{__name__}.Temperature"
    parameters.register("temperature", TemperatureParameter, classes=(name,))
    try:
        assert from_annotation(Temperature, "a") == TemperatureParameter("a")
        assert parameters.types()["temperature"] is TemperatureParameter
        with pytest.raises(ValueError, match="two types"):
            parameters.register("temperature", IntParameter)
    finally:
        registry._types.pop("temperature")
        registry._classes.pop(name)


def test_values_are_checked_without_numpy_and_rasterio() -> None:
    program = """if True:
        import sys
        from collections_app.jobs import parameters
        raster = {"array": [[1]], "extent": [0, 0, 1, 1], "crs": "EPSG:4326"}
        parameters.RasterParameter("a").check(raster)
        parameters.RasterParameter("a").schema()
        parameters.NdArrayParameter("a").check([[1, 2], [3, None]])
        parameters.DatasetParameter("a").schema()
        print([name for name in ("numpy", "rasterio", "xarray", "h5py") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
