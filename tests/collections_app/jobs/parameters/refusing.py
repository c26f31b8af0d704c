"""How the tests ask what is wrong with a value."""

from typing import Any

import jsonschema
import pytest

from collections_app.jobs.parameters import Parameter, ParameterError


def refused(parameter: Parameter, value: Any) -> str:
    """The pointer and the detail of the error that checking and parsing give, both the same."""
    with pytest.raises(ParameterError) as checked:
        parameter.check(value)
    with pytest.raises(ParameterError) as parsed:
        parameter.parse(value)
    assert str(parsed.value) == str(checked.value)
    return f"{checked.value.pointer} {checked.value.detail}".strip()


def is_valid(parameter: Parameter, value: Any) -> bool:
    """Whether the schema of the parameter takes the value."""
    schema = parameter.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid(value)
