"""Lists, objects, one of several types, and any value."""

from typing import Any

import numpy as np
import pytest

from collections_app.jobs.parameters import (
    AnyParameter,
    DictParameter,
    IntParameter,
    ListParameter,
    MultiParameter,
    NdArrayParameter,
    ParameterError,
    RasterParameter,
    StringParameter,
)
from collections_app.jobs.raster import Raster
from tests.collections_app.jobs.parameters.refusing import is_valid, refused
from tests.collections_app.jobs.parameters.running import JOB, FakeRun

NUMBERS = ListParameter(IntParameter(), "numbers", min_items=1, max_items=3)


def test_a_list_holds_items_of_its_type() -> None:
    assert NUMBERS.parse([1, 2.0]) == [1, 2]
    assert is_valid(NUMBERS, [1, 2.0])


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (5, "must be a list"),
        ([], "must have at least 1 items"),
        ([1, 2, 3, 4], "must have at most 3 items"),
        ([1, "x", 2], "/1 must be a number"),
    ],
)
def test_the_item_at_fault_is_named(value: Any, error: str) -> None:
    assert refused(NUMBERS, value) == error
    assert not is_valid(NUMBERS, value)


def test_pointers_lead_into_what_is_nested() -> None:
    parameter = DictParameter("a", values=ListParameter(DictParameter(values=StringParameter())))
    assert refused(parameter, {"x/y": [{}, {"~": 5}]}) == "/x~1y/1/~0 must be text"
    assert not is_valid(parameter, {"x/y": [{}, {"~": 5}]})


def test_a_generator_is_written_item_by_item() -> None:
    assert NUMBERS.dump(number for number in range(3)) == [0, 1, 2]
    assert AnyParameter("a").dump({"x": iter([1, 2])}) == {"x": [1, 2]}


def test_bytes_are_written_as_they_are_read() -> None:
    assert AnyParameter("a").dump({"x": b"\x00\xff", "y": bytearray(b"a")}) == {
        "x": "AP8=",
        "y": "YQ==",
    }


def test_a_generator_without_end_is_stopped() -> None:
    def forever() -> Any:
        while True:
            yield 1

    with pytest.raises(ParameterError, match="at most 3 items"):
        NUMBERS.dump(forever())


def test_text_is_no_list() -> None:
    with pytest.raises(ParameterError, match="must be a list"):
        ListParameter(StringParameter(), "a").dump("abc")


def test_one_of_several_types_is_the_first_that_takes_it() -> None:
    either = MultiParameter([IntParameter(), StringParameter()], "a")
    assert either.parse("x") == "x"
    assert either.parse(3) == 3
    assert either.dump("x") == "x"
    assert refused(either, None) == "must be a number or must be text"


def test_any_value_is_written_by_its_type(run: FakeRun) -> None:
    raster = Raster(np.ones((2, 2)), (0, 0, 2, 2))
    dumped = AnyParameter("a").dump({"n": np.int8(3), "list": [None, raster, np.arange(2)]}, run)
    assert dumped["n"] == 3
    assert dumped["list"][0] is None
    assert dumped["list"][1]["href"] == f"{JOB}/results/a-list-1.tif"
    assert dumped["list"][2] == [0, 1]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"x": [object()]}, "/x/0 must not be of the type object"),
        ({1: 2}, "must have keys of text"),
        ({"x": float("nan")}, "/x must be finite"),
    ],
)
def test_what_json_cannot_carry_is_refused(value: Any, error: str) -> None:
    with pytest.raises(ParameterError) as raised:
        AnyParameter("a").dump(value)
    assert str(raised.value) == error


def test_what_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ParameterError, match="at most 32 deep"):
        AnyParameter("a").dump(endless)


def test_files_of_items_have_names_of_their_own(run: FakeRun) -> None:
    rasters = [Raster(np.full((2, 2), n), (0, 0, 2, 2)) for n in range(3)]
    parameter = ListParameter(RasterParameter(), "maps")
    links = parameter.dump(iter(rasters), run)
    assert [link["href"].rpartition("/")[2] for link in links] == [
        "maps-0.tif",
        "maps-1.tif",
        "maps-2.tif",
    ]
    assert [one[0, 0] for one in parameter.parse(links, run)] == [0, 1, 2]


def test_either_a_raster_or_an_array_is_written_as_what_it_is() -> None:
    either = MultiParameter([RasterParameter(), NdArrayParameter()], "a")
    assert either.dump(np.arange(3)) == [0, 1, 2]
    assert either.dump(Raster(np.ones((1, 2)), (0, 0, 2, 1)))["array"] == [[1.0, 1.0]]
    assert isinstance(either.parse([1, 2]), np.ndarray)
