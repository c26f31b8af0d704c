"""Whether a workflow can be run: what is wrong, and where."""

from typing import Any

import pytest

from collections_app.jobs.workflows.checking import check
from collections_app.jobs.workflows.errors import WorkflowError
from collections_app.jobs.workflows.plan import Link
from collections_app.jobs.workflows.reading import read
from tests.collections_app.jobs.workflows.conftest import document, node

TWO = (node("one", "sum", a="=x"), node("two", "sum", a=("one", "sum"), b="=y"))
TOTAL = {"total": ("two", "sum")}


def errors(value: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(WorkflowError) as caught:
        check(read(value))
    return {error.pointer: error.detail for error in caught.value.errors}


def test_names_are_resolved() -> None:
    plan = check(read(document(*TWO, inputs=["x", "y"], outputs=TOTAL)))
    assert plan.outputs == {"total": Link("two", "sum")}
    assert plan.steps["two"].needs == {"one"}
    assert [parameter.name for parameter in plan.inputs] == ["x", "y"]


def test_the_only_output_of_a_task_needs_no_name() -> None:
    plan = check(read(document(*TWO, inputs=["x", "y"], outputs={"total": ("two",)})))
    assert plan.outputs == {"total": Link("two", "sum")}


def test_everything_that_is_wrong_is_named_at_once() -> None:
    assert errors(
        document(
            node("one", "unknown", a=1),
            node("two", "sum", c=1),
            node("three", "divide", numerator=1.5, denominator=("one", "sum")),
            node("four", "sum", a=("nine", "sum"), b="=z"),
            node("five", "sum", a=("three", "quotient"), b=("three",)),
            node("five", "shout", text=("two", "sum")),
            inputs=["x", "x", {"name": "y", "type": "guess"}],
            outputs={"a": ("nine", "sum"), "b": ("two", "total")},
        )
    ) == {
        "/inputs/1/name": "is there before: 'x'",
        "/inputs/2": "cannot be: There is no parameter type 'guess'",
        "/nodes/0/task": "names no task: there is no 'test:unknown'",
        "/nodes/1/inputs": "lacks 'a', which test:sum needs",
        "/nodes/1/inputs/c": "is no input of test:sum",
        "/nodes/2/inputs/numerator": "must be an integer",
        "/nodes/3/inputs/a": "names no node: there is no 'nine'",
        "/nodes/3/inputs/b": "names no input of the workflow: there is no 'z'",
        "/nodes/4/inputs/a": "must name an output of 'three': result, remainder",
        "/nodes/4/inputs/b": "must name an output of 'three': result, remainder",
        "/nodes/5/id": "is there before: 'five'",
        "/nodes/5/inputs/text": "is number, not string",
        "/outputs/0/node": "names no node: there is no 'nine'",
        "/outputs/1/node": "must name an output of 'two': sum",
    }


def test_a_cycle_is_named() -> None:
    nodes = (
        node("a", "sum", a=("b", "sum")),
        node("b", "sum", a=("c", "sum")),
        node("c", "sum", a=("a", "sum")),
    )
    assert errors(document(*nodes, outputs={"out": ("a", "sum")})) == {
        "/nodes/0": "is in a cycle: a needs b needs c needs a"
    }


def test_places_are_those_of_the_file() -> None:
    classic = {"workflow": [{"id": "one", "task": "t"}], "outputs": []}
    assert errors(classic) == {
        "/workflow/0/task": "names no task: there is no 't'",
        "/outputs": "is empty",
    }


@pytest.mark.parametrize(
    ("type_", "args", "detail"),
    [
        ("string", None, "is string, not number"),
        ("list", {"param_type": "number"}, "is list of number, not number"),
        ("number", {"required": False}, "is required, and the workflow's input 'x' is not"),
    ],
)
def test_inputs_must_be_what_their_node_needs(type_: str, args: Any, detail: str) -> None:
    given = {"name": "x", "type": type_} | ({"args": args} if args else {})
    value = document(node("one", "sum", a="=x"), inputs=[given], outputs={"out": ("one", "sum")})
    assert errors(value) == {"/nodes/0/inputs/a": detail}


@pytest.mark.parametrize(
    ("type_", "args"),
    [
        ("integer", None),
        ("int", None),
        ("any", None),
        ("number", {"required": False, "default": 5}),
        ("number", [[], {"minimum": 3}]),
        ("multiple", [[["string", "number"]], {}]),
    ],
)
def test_inputs_of_these_types_can_be_numbers(type_: str, args: Any) -> None:
    given = {"name": "x", "type": type_} | ({"args": args} if args else {})
    value = document(node("one", "sum", a="=x"), inputs=[given], outputs={"out": ("one", "sum")})
    (parameter,) = check(read(value)).inputs
    assert parameter.name == "x"


@pytest.mark.parametrize(
    "args", ["number", 5, [1, {}], [[], {}, {}], {"guess": 1}, [[], {"name": "y"}]]
)
def test_args_that_do_not_fit_the_type_are_refused(args: Any) -> None:
    given = {"name": "x", "type": "number", "args": args}
    value = document(node("one", "sum", a=1), inputs=[given], outputs={"out": ("one", "sum")})
    assert errors(value)["/inputs/0"].startswith("cannot be: ")


def test_a_list_of_other_items_does_not_fit() -> None:
    given = {"name": "x", "type": "list", "args": [[["string", [[""], {}]]], {}]}
    value = document(
        node("one", "collect", items="=x"), inputs=[given], outputs={"out": ("one", "items")}
    )
    assert errors(value) == {"/nodes/0/inputs/items": "is list of string, not list of number"}


def test_a_task_that_gathers_variables_takes_any_input() -> None:
    one = node("one", "scale", value=2, by=3, plus="=x")
    plan = check(read(document(one, inputs=["x"], outputs={"out": ("one", "value")})))
    assert set(plan.steps["one"].arguments) == {"value", "by", "plus"}
