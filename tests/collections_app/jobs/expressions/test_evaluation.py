"""The values of expressions, over numbers and arrays."""

import math
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from collections_app.jobs.expressions import ExpressionError, grammar, parse, values

ARRAY = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
HOLED = np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
MASKED = np.ma.masked_greater(np.arange(6).reshape(2, 3), 4)
PIXELS = np.array([200, 100], np.uint8)
CONTEXT = {
    "x": ARRAY,
    "holed": HOLED,
    "masked": MASKED,
    "pixels": PIXELS,
    "n": 5,
    "numbers": [1, 2, 3],
    "table": {"one": 1, "rows": [[1, 2], [3, 4]]},
}


def value(text: str, **context: Any) -> Any:
    return parse(text).evaluate(context or CONTEXT)


def outcome(text: str, **context: Any) -> tuple[Any, str]:
    """The value, or None and what is said instead."""
    try:
        return value(text, **context), ""
    except ExpressionError as refused:
        return None, str(refused)


def error(text: str, **context: Any) -> str:
    with pytest.raises(ExpressionError) as caught:
        value(text, **context)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 7 * 6 / 3", 15),
        ("(1 + 7) * 6 / 3", 16),
        ("10 % 4 + 7 // 2", 5),
        (".5 + 1. + 1e2 + 2E-1", 101.7),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("2 ** -1", 0.5),
        ("-(1 + 2)", -3),
        ("+n", 5),
        ("- -n", 5),
        ("1 < 2 < 3", True),
        ("3 > 2 > 1", True),
        ("1 < 3 < 2", False),
        ("1 > 2 == False", True),
        ("n != 5", False),
        ("not n == 5", False),
        ("!true || TRUE", True),
        ("1 and 0 or 3", 3),
        ("1 or 1 and 0", 1),
        ("0 && 1 || 2", 2),
        ("n == 0 or 10 / n > 1", True),
        ("n != 5 and 1 / 0", False),
        ("'foo' == \"foo\"", True),
        ("'a' < 'b'", True),
        ("'1' == 1", False),
        ("'a' + 'b'", "ab"),
        ("numbers[0] + numbers[-1]", 4),
        ("numbers[1 + 1]", 3),
        ("-numbers[0] ** 2", -1),
        ("table['one']", 1),
        ("table['rows'][1][0]", 3),
        ("abs(-n) + floor(-1.3) + ceil(1.3)", 5),
        ("round(2.5) + round(3.14159, 2)", 5.14),
        ("round(3.14159, digits=2)", 3.14),
        ("sqrt(16) + exp(0) + log(8, 2)", 8),
        ("clip(n, 0, 3)", 3),
        ("where(n > 3, 1, 2)", 1),
        ("int('12') + int(-1.9) + int8(3.5)", 14),
        ("float(3)", 3.0),
        ("float('2.5')", 2.5),
        ("bool(0)", False),
        ("str(2 + 3) + '!'", "5!"),
        ("min(numbers) + max(numbers) + median(numbers)", 6),
        ("min(7)", 7),
        ("sum(numbers) + mean(numbers)", 8),
        ("cos", 1),
    ],
)
def test_value_of_numbers_and_texts(text: str, expected: Any) -> None:
    found = value(text, **CONTEXT, cos=1)
    assert found == pytest.approx(expected) if isinstance(expected, float) else found == expected
    assert type(found) in (bool, int, float, str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x * 2 + 1", ARRAY * 2 + 1),
        ("x ** 2 / 2", ARRAY**2 / 2),
        ("0 < x <= 5", (ARRAY > 0) & (ARRAY <= 5)),
        ("x < 2 or x > 4", (ARRAY < 2) | (ARRAY > 4)),
        ("x > 1 && !(x == 3)", (ARRAY > 1) & (ARRAY != 3)),
        ("x > 1 and n", ARRAY > 1),
        ("not x > 2", ARRAY <= 2),
        ("min(x, 0)", ARRAY.min(0)),
        ("max(x, axis=1)", ARRAY.max(1)),
        ("mean(x, -1)", ARRAY.mean(1)),
        ("std(x, 0) + var(x, 0)", ARRAY.std(0) + ARRAY.var(0)),
        ("mean(holed, 0)", np.array([2.5, 5.0, 4.5])),
        ("x[1]", ARRAY[1]),
        ("x[0][2] * pixels", PIXELS * 3.0),
        ("where(x > 2, x, 0)", np.where(ARRAY > 2, ARRAY, 0)),
        ("clip(x, 2, 4)", ARRAY.clip(2, 4)),
        ("x / max(x)", ARRAY / 6),
        ("abs(mean(x) - x) > std(x)", np.abs(ARRAY.mean() - ARRAY) > ARRAY.std()),
        ("get_mask(masked)", np.ma.getmaskarray(MASKED)),
        ("get_mask(x)", np.zeros((2, 3), bool)),
        ("numbers + n", np.array([6, 7, 8])),
        ("float(pixels)", np.array([200.0, 100.0])),
        ("bool(x - 1)", ARRAY != 1),
        ("log(x)", np.log(ARRAY)),
        ("floor(x / 4)", ARRAY // 4),
    ],
)
def test_value_of_arrays(text: str, expected: Any) -> None:
    np.testing.assert_allclose(value(text), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("min(holed)", 1),
        ("max(holed)", 6),
        ("mean(holed)", 3.8),
        ("median(holed)", 4),
        ("max(masked)", 4),
        ("sum(masked)", 10),
        ("mean(masked)", 2),
    ],
)
def test_what_is_missing_does_not_count(text: str, expected: float) -> None:
    assert value(text) == expected


def test_a_statistic_of_nothing_but_holes_is_nan() -> None:
    assert math.isnan(value("min(x)", x=np.array([np.nan, np.nan])))
    assert math.isnan(value("mean(x)", x=np.ma.masked_all(3)))


class TestMasks:
    @pytest.mark.parametrize(
        "text", ["masked + 1", "masked / 2", "sqrt(masked)", "masked > 1", "masked and 1"]
    )
    def test_masked_members_stay_masked(self, text: str) -> None:
        np.testing.assert_array_equal(np.ma.getmaskarray(value(text)), MASKED.mask)

    def test_where_is_masked_where_its_choice_is(self) -> None:
        found = value("where(masked > 2, masked, -1)")
        np.testing.assert_array_equal(np.ma.getmaskarray(found), MASKED.mask)
        np.testing.assert_array_equal(found.filled(9), [[-1, -1, -1], [3, 4, 9]])

    def test_mask_masks_where_the_condition_holds(self) -> None:
        np.testing.assert_array_equal(value("mask(x, x > 2)").mask, ARRAY > 2)

    def test_integers_that_do_not_fit_are_masked(self) -> None:
        found = value("int8(x)", x=np.array([1.9, -200.0, np.nan, 127.0]))
        assert found.dtype == np.int8
        assert found.tolist() == [1, None, None, 127]


class TestIntegers:
    def test_pixels_do_not_overflow(self) -> None:
        assert value("pixels + pixels").tolist() == [400, 200]
        assert value("(pixels - 250) / (pixels + 1)").tolist() == [-50 / 201, -150 / 101]
        assert value("-pixels").tolist() == [-200, -100]
        assert value("abs(pixels - 1000)").tolist() == [800, 900]

    def test_truths_are_counted(self) -> None:
        assert value("sum(x > 2)") == 4
        assert value("(x > 2) - (x > 4)").tolist() == [[0, 0, 1], [1, 0, 0]]

    def test_powers_that_need_more_bits_become_floats(self) -> None:
        assert value("pixels ** 20").tolist() == [200.0**20, 100.0**20]
        assert value("pixels ** -1").tolist() == [0.005, 0.01]

    def test_arrays_divided_by_zero_are_infinite(self) -> None:
        assert value("pixels / 0").tolist() == [math.inf, math.inf]
        assert value("pixels // 0").tolist() == [math.inf, math.inf]
        assert np.isnan(value("pixels % 0")).all()

    def test_large_constants_meet_arrays_as_floats(self) -> None:
        assert value("x + 10 ** 30", x=np.array([1])).tolist() == [1e30]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("missing + 1", "The name 'missing' is not defined (column 1)."),
        ("n + 1 / 0", "Division by zero (column 7)."),
        ("9 ** 9 ** 9", "The power has more than 256 bits (column 3)."),
        ("(2 ** 200) * (2 ** 200)", "The integer has more than 256 bits (column 12)."),
        ("(-8) ** 0.5", "The result is no real number (column 6)."),
        ("2.0 ** 9999", "Numerical result out of range (column 5)."),
        ("sqrt(-1)", "Math domain error (column 1)."),
        ("'a' * 1000000", "A text is no number (column 5)."),
        ("table + 1", "A dict is no number (column 7)."),
        ("table == table", "Only numbers, texts and arrays can be compared (column 7)."),
        ("n < 'a'", "A text is no number (column 3)."),
        ("x + numbers[0]['a']", "Only lists, arrays and dicts have members (column 15)."),
        ("numbers['one']", "An index into a list or an array must be an integer (column 8)."),
        ("numbers[true]", "An index must be an integer or a text (column 8)."),
        ("numbers[3]", "There is no member 3 among 3 (column 8)."),
        ("table[1]", "There is no member 1 (column 6)."),
        ("mean(x, 2)", "There is no axis 2 among 2 (column 1)."),
        ("mean(x, 'time')", "There is no axis 'time' (named axes: none) (column 1)."),
        ("x + pixels", "The shapes (2, 3) and (2,) do not fit together (column 3)."),
        ("str(x)", "Only a number can become a text (column 1)."),
        ("round(x, 99)", "Digits must be an integer from -20 to 20 (column 1)."),
    ],
)
def test_what_has_no_value_is_said_with_its_column(text: str, detail: str) -> None:
    assert error(text) == detail


def test_a_result_of_too_many_pixels_is_refused_before_it_is_made() -> None:
    row, column = np.zeros((1, 2**14), np.int8), np.zeros((2**14, 1), np.int8)
    told = f"The result has more than {values.MAX_PIXELS} pixels (column 3)."
    assert error("a + b", a=row, b=column) == told
    assert error("a < b", a=row, b=column) == told


@pytest.mark.parametrize("kind", [object(), None, np.array(["a"]), np.array([1j]), len])
def test_other_kinds_of_values_are_refused(kind: object) -> None:
    error("a", a=kind)


numbers = st.integers(-99, 99) | st.floats(-99, 99).map(lambda number: round(number, 3))
BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "and": None,
    "or": None,
}

CALLS = [f"{name}(" for name in grammar.FUNCTIONS]
VALUES = ["x", "t", "l", "0", "1", "64", "1e300", "'k'"]
WORDS = [*grammar.LEVELS, *grammar.PREFIXES, *CALLS, *VALUES, *"((,))])", "axis="]


def _joined(parts: tuple[str, str, str]) -> str:
    left, symbol, right = parts
    # Python chains == too, which is refused here: comparisons stand in parentheses.
    return f"({left} {symbol} {right})"


safe = st.recursive(
    numbers.map(str) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(list(BINARY)), inner).map(_joined)
        | st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join)
        | st.tuples(inner, inner, inner).map(lambda three: f"({' < '.join(three)})")
        | inner.map("-{}".format)
        | inner.map("(not {})".format)
        | inner.map("abs({})".format)
        | st.tuples(inner, st.integers(0, 3)).map(lambda pair: f"{pair[0]} ** {pair[1]}")
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(safe, numbers, numbers)
def test_numbers_have_the_values_that_python_gives_them(text: str, a: float, b: float) -> None:
    try:
        expected = eval(text, {"__builtins__": {"abs": abs}}, {"a": a, "b": b})
    except ArithmeticError:
        error(text, a=a, b=b)
    else:
        assume(not isinstance(expected, int) or expected.bit_length() < 100)
        found, told = outcome(text, a=a, b=b)
        assert "bits" in told or found == expected or math.isnan(expected)


@settings(deadline=None)
@given(safe)
def test_arrays_have_the_values_of_their_members(text: str) -> None:
    a, b = np.array([0.5, 2.0, -3.0]), np.array([7.0, 4.0, 1.5])
    try:
        each = [value(text, a=float(x), b=float(y)) for x, y in zip(a, b, strict=True)]
        found = value(text, a=a, b=b)
    except ExpressionError:
        assume(False)
    if " and " in text or " or " in text:
        found, each = np.not_equal(found, 0), [bool(one) for one in each]
    np.testing.assert_allclose(np.broadcast_to(found, 3), each, rtol=1e-6)


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_hostile_expressions_have_a_value_or_a_sentence(text: str) -> None:
    found, told = outcome(text, x=ARRAY, t="text", l=[1, {"k": [2]}])
    assert told.endswith(".") if told else np.size(found) <= ARRAY.size
