"""Text, numbers, booleans and times."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collections_app.jobs.parameters import (
    AnyParameter,
    BooleanParameter,
    DateTimeParameter,
    FloatParameter,
    IntParameter,
    NumberParameter,
    Parameter,
    ParameterError,
    StringParameter,
)
from tests.collections_app.jobs.parameters.refusing import is_valid, refused

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (StringParameter("a"), "", ""),
        (StringParameter("a", pattern="[a-z]+"), "abc", "abc"),
        (StringParameter("a", choices=("x", "y")), "y", "y"),
        (NumberParameter("a", minimum=1, maximum=2), 2, 2),
        (NumberParameter("a"), 0.5, 0.5),
        (IntParameter("a"), 5.0, 5),
        (IntParameter("a", choices=(1, 2)), 2, 2),
        (FloatParameter("a"), 5, 5.0),
        (BooleanParameter("a"), False, False),
        (DateTimeParameter("a"), "2026-01-01T13:00:00+01:00", NOON),
        (StringParameter("a", nullable=True), None, None),
    ],
)
def test_values_are_taken(parameter: Parameter, value: Any, expected: Any) -> None:
    parsed = parameter.parse(value)
    assert parsed == expected
    assert type(parsed) is type(expected)
    assert is_valid(parameter, value)
    assert parameter.parse(parameter.dump(parsed)) == expected


@pytest.mark.parametrize(
    ("parameter", "value", "error"),
    [
        (StringParameter("a"), 5, "must be text"),
        (StringParameter("a"), None, "must be text"),
        (StringParameter("a", min_length=2), "x", "must have at least 2 characters"),
        (StringParameter("a", max_length=2), "xyz", "must have at most 2 characters"),
        (StringParameter("a", pattern="[a-z]+"), "abc1", "must match [a-z]+"),
        (StringParameter("a", choices=("x", "y")), "z", "must be one of x, y"),
        (NumberParameter("a"), "5", "must be a number"),
        (NumberParameter("a"), True, "must be a number"),
        (NumberParameter("a", minimum=1), 0.5, "must be at least 1"),
        (NumberParameter("a", maximum=1), 1.5, "must be at most 1"),
        (IntParameter("a"), 1.5, "must be an integer"),
        (IntParameter("a"), 2**63, "must be an integer of 64 bits"),
        (IntParameter("a", choices=(1, 2)), 3, "must be one of 1, 2"),
        (BooleanParameter("a"), 1, "must be true or false"),
        (BooleanParameter("a"), "false", "must be true or false"),
        (DateTimeParameter("a"), 5, "must be RFC 3339 text"),
    ],
)
def test_others_are_refused_and_the_schema_agrees(
    parameter: Parameter, value: Any, error: str
) -> None:
    assert refused(parameter, value) == error
    assert not is_valid(parameter, value)


@pytest.mark.parametrize(
    ("parameter", "value", "error"),
    [
        (StringParameter("a"), "\0", "must not have U+0000 or lone surrogates"),
        (StringParameter("a"), "\ud800", "must not have U+0000 or lone surrogates"),
        (NumberParameter("a"), float("nan"), "must be finite"),
        (NumberParameter("a"), 10**400, "must be finite"),
        (FloatParameter("a"), float("inf"), "must be finite"),
        (IntParameter("a"), float("inf"), "must be finite"),
    ],
)
def test_what_no_schema_can_say_is_refused(parameter: Parameter, value: Any, error: str) -> None:
    assert refused(parameter, value) == error


def test_a_time_that_is_none_is_refused() -> None:
    assert refused(DateTimeParameter("a"), "soon").startswith("must be an RFC 3339 time")


@pytest.mark.parametrize(
    ("parameter", "value", "wire"),
    [
        (FloatParameter("a"), np.float32(0.5), 0.5),
        (IntParameter("a"), np.uint8(7), 7),
        (NumberParameter("a"), np.int64(7), 7),
        (BooleanParameter("a"), np.bool_(True), True),
        (AnyParameter("a"), np.float64(2), 2.0),
        (DateTimeParameter("a"), NOON.replace(tzinfo=None), "2026-01-01T12:00:00Z"),
    ],
)
def test_numbers_of_numpy_are_written(parameter: Parameter, value: Any, wire: Any) -> None:
    dumped = parameter.dump(value)
    assert dumped == wire
    assert type(dumped) is type(wire)


def test_a_masked_number_is_null() -> None:
    assert FloatParameter("a", nullable=True).dump(np.ma.masked) is None
    with pytest.raises(ParameterError, match="must be a number"):
        FloatParameter("a").dump(np.ma.masked)


def test_a_default_makes_a_parameter_optional_and_is_in_the_schema() -> None:
    parameter = IntParameter("a", default=3, title="Size", description="In pixels")
    assert not parameter.required
    assert parameter.schema() | {"minimum": 0, "maximum": 0} == {
        "type": "integer",
        "minimum": 0,
        "maximum": 0,
        "title": "Size",
        "description": "In pixels",
        "default": 3,
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
LITERALS = [
    StringParameter("a", max_length=3),
    NumberParameter("a"),
    IntParameter("a", minimum=0),
    FloatParameter("a"),
    BooleanParameter("a"),
    DateTimeParameter("a"),
]


@settings(deadline=None, max_examples=50)
@given(json_values, st.sampled_from(LITERALS))
def test_a_value_is_taken_and_comes_back_or_is_refused(value: Any, parameter: Parameter) -> None:
    try:
        parsed = parameter.parse(value)
    except ParameterError:
        return
    assert is_valid(parameter, value)
    assert parameter.parse(parameter.dump(parsed)) == parsed


def test_a_pattern_that_is_none_is_refused_when_it_is_declared() -> None:
    with pytest.raises(ValueError, match="is no pattern"):
        StringParameter("a", pattern="(")
