"""Whether a value of one parameter's type may be given to another parameter."""

from collections.abc import Mapping

from collections_app.jobs.parameters.base import Parameter
from collections_app.jobs.parameters.containers import ListParameter, MultiParameter

ANY = "any"
_ALSO: Mapping[str, frozenset[str]] = {
    "number": frozenset({"integer", "float"}),
    "float": frozenset({"integer", "number"}),
    "integer": frozenset({"number"}),
    "array": frozenset({"raster"}),
    # The arrays that tasks over rasters give keep their extents.
    "raster": frozenset({"array"}),
    "dict": frozenset({"feature", "feature_collection"}),
}
"""The types whose values a type takes besides its own."""


def fits(given: Parameter, wanted: Parameter) -> bool:
    """Whether values of `given` can be values of `wanted`, as far as the types tell."""
    if ANY in (given.type, wanted.type):
        return True
    if isinstance(given, MultiParameter):
        return any(fits(one, wanted) for one in given.types)
    if isinstance(wanted, MultiParameter):
        return any(fits(given, one) for one in wanted.types)
    if isinstance(given, ListParameter) and isinstance(wanted, ListParameter):
        return fits(given.param_type, wanted.param_type)
    return given.type == wanted.type or given.type in _ALSO.get(wanted.type, ())


def called(parameter: Parameter) -> str:
    """What a parameter takes, in words: "list of array"."""
    if isinstance(parameter, ListParameter):
        return f"list of {called(parameter.param_type)}"
    if isinstance(parameter, MultiParameter):
        return " or ".join(map(called, parameter.types))
    return parameter.type
