"""The reference of expressions is right: every example has the value that it says."""

import json
import re
from typing import Any

import numpy as np
import pytest

from collections_app.jobs.expressions import grammar, parse
from tests.shared import ROOT

REFERENCE = (ROOT / "docs/reference/expressions.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", REFERENCE, re.MULTILINE)
CONTEXT = {
    "x": np.array([[1, 2], [3, 4]]),
    "small": np.array([200, 100], np.uint8),
    "n": 5,
    "rows": {"first": [7, 8]},
}


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_example(text: str, expected: str) -> None:
    found: Any = parse(text.replace(r"\|", "|")).evaluate(CONTEXT)
    value = found.tolist() if isinstance(found, np.ndarray) else found
    assert json.dumps(value) == expected


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 10


def test_every_function_is_in_the_reference_with_its_arguments() -> None:
    for name, signature in grammar.FUNCTIONS.items():
        assert f"`{name}({', '.join(signature.names)})`" in REFERENCE


@pytest.mark.parametrize("symbol", [*grammar.LEVELS, *grammar.SPELLINGS, *grammar.CONSTANTS])
def test_every_word_is_in_the_reference(symbol: str) -> None:
    assert symbol in REFERENCE.replace(r"\|", "|")
