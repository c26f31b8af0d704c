"""The axes of arrays, by number or, where the array has names for them, by name."""

from typing import Any


def axis_of(array: Any, axis: int | str | None) -> int | None:
    """The number of an axis; ValueError where the array has no such axis."""
    if axis is None:
        return None
    if isinstance(axis, bool) or not isinstance(axis, int | str):
        raise TypeError("an axis must be a number or a name")
    if isinstance(axis, int):
        if not -array.ndim <= axis < array.ndim:
            raise ValueError(f"there is no axis {axis} among {array.ndim}")
        return axis
    names = getattr(array, "dims", ())
    if axis not in names:
        known = ", ".join(names) or "none"
        raise ValueError(f"there is no axis {axis!r} (named axes: {known})")
    return list(names).index(axis)
