"""The reference of parameter types says what there is."""

import json
import re

import pytest

from collections_app.jobs import parameters
from collections_app.jobs.parameters import Parameter
from tests.collections_app.jobs.parameters.refusing import is_valid
from tests.shared import ROOT

TEXT = (ROOT / "docs/reference/parameters.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `(.+?)`\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


def made(section: str) -> Parameter:
    """The parameter of a section's example."""
    (source,) = re.findall(r"```python\n(.*?)\n```", section, re.DOTALL)
    return eval(source, vars(parameters))


def blocks(section: str, title: str) -> list[str]:
    return re.findall(rf"^{title}:\n\n```json\n(.*?)\n```", section, re.MULTILINE | re.DOTALL)


def test_every_type_has_a_section_or_is_named_as_an_alias() -> None:
    aliases = set(re.findall(r"The\s+alias\s+is\s+`(\w+)`", TEXT))
    assert set(SECTIONS) | aliases == set(parameters.types())


@pytest.mark.parametrize("type_name", SECTIONS)
def test_examples_are_taken_and_schemas_are_the_documented_ones(type_name: str) -> None:
    section = SECTIONS[type_name]
    parameter = made(section)
    assert parameter.type == type_name
    (schema,) = blocks(section, "Schema")
    assert parameter.schema() == json.loads(schema)
    examples = blocks(section, "Takes")
    assert examples
    for example in map(json.loads, examples):
        parameter.check(example)
        assert is_valid(parameter, example)
