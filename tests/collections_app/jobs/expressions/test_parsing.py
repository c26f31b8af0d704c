"""Reading expressions: what binds how, what is refused and where."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collections_app.jobs.expressions import ExpressionError, grammar, parse
from collections_app.jobs.expressions.functions import FUNCTIONS
from collections_app.jobs.expressions.tree import walk

NAMES = [*grammar.FUNCTIONS, *grammar.CONSTANTS, "x", "y", "axis", "__class__"]
SYMBOLS = [*'(),=];".', "1", "2.5", "1e9", "'t'"]
WORDS = st.sampled_from([*grammar.LEVELS, *grammar.PREFIXES, *NAMES, *SYMBOLS])


def test_names_come_in_the_order_of_the_text_without_functions_and_constants() -> None:
    assert parse("min(z) + y * z - pi + true").names == ("z", "y")


def test_argument_names_are_no_names_of_the_context() -> None:
    assert parse("mean(x, axis=1)").names == ("x",)


def test_a_function_name_without_parentheses_is_a_name() -> None:
    assert parse("min + max(min)").names == ("min",)


def test_every_function_has_a_signature() -> None:
    assert FUNCTIONS.keys() == grammar.FUNCTIONS.keys()


@pytest.mark.parametrize(
    ("text", "column", "detail"),
    [
        ("", 1, "Expected a value instead of the end"),
        ("x ; 2", 3, "';' has no meaning"),
        ("x <> 2", 4, "Expected a value instead of >"),
        ("1 2", 3, "Expected an operator instead of 2"),
        ("(1", 3, "Expected ')' instead of the end"),
        ("x.real", 2, "'.' has no meaning"),
        ("[1]", 1, "Expected a value instead of ["),
        ("x[0", 4, "Expected ']'"),
        ("'open", 1, "has no end"),
        ("1 + not x", 5, "'not' needs parentheses"),
        ("a == b == c", 8, "Write a == b and b == c"),
        ("__import__('os')", 1, "no function '__import__'"),
        ("eval('1')", 1, "no function 'eval'"),
        ("lambda: 1", 7, "':' has no meaning"),
        ("x if y else z", 3, "Expected an operator instead of if"),
        ("min()", 1, "min() lacks 'a'"),
        ("clip(x, highest=2)", 1, "clip() lacks 'lowest'"),
        ("min(x, 1, 2)", 11, "takes fewer arguments"),
        ("min(x, b=1)", 8, "cannot take 'b'"),
        ("min(x, a=1)", 8, "cannot take 'a'"),
        ("min(x,)", 7, "Expected a value instead of )"),
        ("x = 1", 3, "Expected an operator instead of ="),
        ("\N{GREEK SMALL LETTER PI} * 2", 1, "has no meaning"),
    ],
)
def test_what_is_wrong_is_said_with_its_column(text: str, column: int, detail: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert detail in str(caught.value)
    assert caught.value.column == column


@pytest.mark.parametrize(
    "text",
    [
        "x" * (grammar.MAX_LENGTH + 1),
        "(" * 1000 + "x" + ")" * 1000,
        "-" * 1000 + "x",
        "x" + "[0]" * 500,
        "+".join("x" * 500),
        "2" + "**2" * 500,
        "not " * 400 + "x",
        "abs(" * 400 + "x" + ")" * 400,
        "(" + ")*(".join("x<y" for _ in range(300)) + ")",
    ],
)
def test_what_is_too_large_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_a_hundred_terms_are_not_too_many() -> None:
    assert parse("+".join(["x"] * 100)).evaluate({"x": 1}) == 100


@settings(deadline=None)
@given(st.lists(WORDS, max_size=40).map(" ".join) | st.text(max_size=60))
def test_hostile_text_is_read_or_refused(text: str) -> None:
    column: int | None = 1
    try:
        assert sum(1 for _ in walk(parse(text).root)) <= grammar.MAX_NODES
    except ExpressionError as error:
        column = error.column
    assert column is None or 1 <= column <= len(text) + 1
