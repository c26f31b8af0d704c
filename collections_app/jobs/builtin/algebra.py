"""What the tasks over rasters do with expressions; imports numpy."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from collections_app.jobs.expressions import Expression, ExpressionError, parse
from collections_app.jobs.expressions.functions import masked
from core_api.background.tasks import Run, TaskError

INDEX = "i"
Variables = Mapping[str, Any]


def mask(array_in: Any, expression: str, variables: Variables) -> Any:
    """The array, masked where the expression of it holds."""
    condition = apply(array_in, expression, variables)
    try:
        return masked(array_in, condition)
    except (TypeError, ValueError) as error:
        raise TaskError(f"The array cannot be masked: {error}.") from error


def apply(array_in: Any, expression: str, variables: Variables) -> Any:
    """The value of the expression of an array."""
    parsed = _parsed(expression)
    (name,) = _free(parsed, variables, 1)
    return _value(parsed, {**variables, name: array_in})


def map_(
    arrays_in: Iterable[Any], expression: str, variables: Variables, run: Run | None
) -> Iterator[Any]:
    """The values of the expression of each array; `i` in it is the array's index, from 0."""
    parsed = _parsed(expression)
    (name,) = _free(parsed, {INDEX: 0, **variables}, 1)
    for index, array in enumerate(arrays_in):
        _check(run)
        yield _value(parsed, {INDEX: index, **variables, name: array})


def reduce(
    arrays_in: Iterable[Any],
    expression: str,
    initial_array: Any,
    variables: Variables,
    run: Run | None,
) -> Any:
    """The expression of what there is and the next array, again and again.

    The first name in the expression stands for what there is. It begins with the initial array,
    or with the first one where that is None.
    """
    parsed = _parsed(expression)
    one, other = _free(parsed, variables, 2)
    arrays = iter(arrays_in)
    found = next(arrays, None) if initial_array is None else initial_array
    if found is None:
        raise TaskError("There is no array to reduce.")
    for array in arrays:
        _check(run)
        found = _value(parsed, {**variables, one: found, other: array})
    return found


def _parsed(expression: str) -> Expression:
    try:
        return parse(expression)
    except ExpressionError as error:
        raise TaskError(f"The expression is invalid: {error}") from error


def _value(expression: Expression, context: Variables) -> Any:
    try:
        return expression.evaluate(context)
    except ExpressionError as error:
        raise TaskError(f"The expression has no value: {error}") from error


def _free(expression: Expression, variables: Variables, count: int) -> tuple[str, ...]:
    """The names in an expression that are no variables: those of the arrays."""
    names = tuple(name for name in expression.names if name not in variables)
    if len(names) != count:
        wanted = "one name" if count == 1 else f"{count} names"
        found = ", ".join(names) or "none"
        raise TaskError(f"The expression must have {wanted} besides its variables, not {found}.")
    return names


def _check(run: Run | None) -> None:
    if run is not None:
        run.check()
