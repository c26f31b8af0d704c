"""The tasks over rasters that come with the server, as processes.

Workflow files know them by the names that ncdjango has for them, `raster:...`, too. Nothing here
imports numpy before a task runs.
"""

from collections.abc import Callable, Mapping
from typing import Any

from collections_app.jobs.builtin.expression import ExpressionParameter
from collections_app.jobs.expressions import grammar
from collections_app.jobs.parameters import registry
from collections_app.jobs.parameters.base import Parameter
from collections_app.jobs.parameters.containers import (
    DictParameter,
    ListParameter,
    MultiParameter,
)
from collections_app.jobs.parameters.literals import DateTimeParameter, StringParameter
from collections_app.jobs.processes import Process
from core_api.background.tasks import Run

VARIABLES = "variables"
_KEYWORDS = ("raster",)
_NUMBERS = ("number", "boolean")


def _array(name: str = "", *others: str, **more: Any) -> Parameter:
    """A raster, or an array without an extent, or one of other types."""
    types = [registry.make(type_, "") for type_ in ("raster", "array", *others)]
    return MultiParameter(types, name, **more)


def _expression(description: str) -> Parameter:
    return ExpressionParameter(
        "expression", description=description, min_length=1, max_length=grammar.MAX_LENGTH
    )


def _variables() -> Parameter:
    values = (*_NUMBERS, "raster", "array")
    return DictParameter(
        VARIABLES,
        default={},
        description="Other names in the expression, and what they mean.",
        values=MultiParameter([registry.make(type_, "") for type_ in values]),
    )


def _load(path: Any) -> Any:
    return path


def _array_from_dataset(dataset: Any, variable: str, time: Any) -> Any:
    from collections_app.jobs.builtin import datasets

    return datasets.array(dataset, variable, time)


def _mask(array_in: Any, expression: str, variables: Mapping[str, Any]) -> Any:
    from collections_app.jobs.builtin import algebra

    return algebra.mask(array_in, expression, variables)


def _apply(array_in: Any, expression: str, variables: Mapping[str, Any]) -> Any:
    from collections_app.jobs.builtin import algebra

    return algebra.apply(array_in, expression, variables)


def _map(
    arrays_in: Any, expression: str, variables: Mapping[str, Any], run: Run | None = None
) -> Any:
    from collections_app.jobs.builtin import algebra

    return list(algebra.map_(arrays_in, expression, variables, run))


def _reduce(
    arrays_in: Any,
    expression: str,
    initial_array: Any,
    variables: Mapping[str, Any],
    run: Run | None = None,
) -> Any:
    from collections_app.jobs.builtin import algebra

    return algebra.reduce(arrays_in, expression, initial_array, variables, run)


def make() -> dict[str, Process]:
    """The processes, by the names that workflow files have for them."""
    return {
        "raster:load_dataset": _loader("dataset"),
        "raster:load_raster": _loader("raster"),
        "raster:array_from_dataset": Process(
            "array-from-dataset",
            "Array from a dataset",
            _array_from_dataset,
            description="A variable of a dataset: a raster where it has coordinates, else an array."
            " With a time, the time step that is nearest to it.",
            keywords=_KEYWORDS,
            inputs=(
                registry.make("dataset", "dataset"),
                StringParameter("variable"),
                DateTimeParameter("time", default=None, nullable=True),
            ),
            outputs=(_array("array_out"),),
        ),
        "raster:mask_by_expression": _by_expression(
            "mask-by-expression",
            "Mask by an expression",
            _mask,
            "Masks the cells for which the expression holds.",
            _array("array_in"),
            _expression("With one name, which is the array: x > 5."),
            output=_array("array_out"),
        ),
        "raster:apply_expression": _by_expression(
            "apply-expression",
            "Apply an expression",
            _apply,
            "The value of the expression of an array.",
            _array("array_in"),
            _expression("With one name, which is the array: x ** 2."),
            output=_array("array_out", *_NUMBERS),
        ),
        "raster:map_by_expression": _by_expression(
            "map-by-expression",
            "Map by an expression",
            _map,
            "The value of the expression of each array.",
            ListParameter(_array(), "arrays_in"),
            _expression("With one name, which is an array, and i, its index: x * i."),
            output=ListParameter(_array("", *_NUMBERS), "arrays_out"),
            run_argument="run",
        ),
        "raster:reduce_by_expression": _by_expression(
            "reduce-by-expression",
            "Reduce by an expression",
            _reduce,
            "Combines arrays, one after the other, to one.",
            ListParameter(_array(), "arrays_in"),
            _expression("With two names, what there is and the next array: x + y."),
            _array("initial_array", default=None, nullable=True),
            output=_array("array_out", *_NUMBERS),
            run_argument="run",
        ),
    }


def _loader(type_: str) -> Process:
    return Process(
        f"load-{type_}",
        f"Load a {type_}",
        _load,
        description=f"Reads a {type_}, from another job's result or a reference.",
        keywords=_KEYWORDS,
        inputs=(registry.make(type_, "path"),),
        outputs=(registry.make(type_, f"{type_}_out"),),
    )


def _by_expression(
    id: str,  # noqa: A002
    title: str,
    function: Callable[..., Any],
    description: str,
    *inputs: Parameter,
    output: Parameter,
    run_argument: str = "",
) -> Process:
    return Process(
        id,
        title,
        function,
        description=description,
        keywords=_KEYWORDS,
        inputs=(*inputs, _variables()),
        outputs=(output,),
        run_argument=run_argument,
    )
