"""Arrays as nested lists: what can be said of them without numpy."""

import math
from typing import Any

from collections_app.jobs.parameters.base import ParameterError, inside
from collections_app.jobs.parameters.limits import MAX_DIMENSIONS, MAX_ITEMS
from core_api.background.tasks import Json

_WITHIN = 10**308


def shape(value: Json) -> tuple[int, ...]:
    """The shape of nested lists of numbers, booleans and nulls; ParameterError where uneven."""
    if not isinstance(value, list):
        raise ParameterError("must be a list, or lists inside each other")
    found = _shape(value)
    _check(value, found)
    return found


def _shape(value: Json) -> tuple[int, ...]:
    """The shape that the first items say."""
    found: list[int] = []
    while isinstance(value, list):
        found.append(len(value))
        if len(found) > MAX_DIMENSIONS:
            raise ParameterError(f"must have at most {MAX_DIMENSIONS} dimensions")
        if not value:
            break
        value = value[0]
    if math.prod(found) > MAX_ITEMS:
        raise ParameterError(f"must have at most {MAX_ITEMS} cells")
    return tuple(found)


def _check(value: Any, expected: tuple[int, ...]) -> None:
    if not isinstance(value, list) or len(value) != expected[0]:
        raise ParameterError(f"must be a list of {expected[0]} items, as the others are")
    for index, item in enumerate(value):
        if len(expected) > 1:
            with inside(index):
                _check(item, expected[1:])
        elif not _is_cell(item):
            raise ParameterError("must be a finite number, true, false or null", f"/{index}")


def _is_cell(item: Json) -> bool:
    if isinstance(item, float):
        return math.isfinite(item)
    return item is None or isinstance(item, bool) or (isinstance(item, int) and abs(item) < _WITHIN)
