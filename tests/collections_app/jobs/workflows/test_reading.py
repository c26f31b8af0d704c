"""Workflows in JSON: both spellings, read and written again."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collections_app.jobs.workflows.errors import WorkflowError
from collections_app.jobs.workflows.model import (
    FromInput,
    FromNode,
    Input,
    Literal,
    Node,
    Output,
    Workflow,
)
from collections_app.jobs.workflows.reading import read
from collections_app.jobs.workflows.writing import write

PLAIN = {
    "meta": {"name": "sums", "title": "Two sums", "version": "2.0.0"},
    "inputs": [
        {"name": "first", "type": "number"},
        {"name": "rest", "type": "list", "args": {"param_type": "number"}},
    ],
    "nodes": [
        {
            "id": "one",
            "task": "test:sum",
            "inputs": {
                "a": {"type": "input", "value": "first"},
                "b": {"type": "literal", "value": None},
            },
        },
        {
            "id": "two",
            "task": "test:sum",
            "inputs": {"a": {"type": "dependency", "value": ["one", "sum"]}},
        },
    ],
    "outputs": [{"name": "total", "node": ["two", "sum"]}, {"name": "half", "node": "one"}],
}
CLASSIC = {
    "meta": {"name": None, "description": None},
    "inputs": [{"name": "all", "type": "list", "args": [[["array", [[""], {}]]], {}]}],
    "workflow": [
        {
            "id": "one",
            "task": "test:sum",
            "inputs": {
                "a": {"source": "input", "input": "all"},
                "b": {"source": "literal", "input": 0},
            },
        },
        {
            "id": "two",
            "task": "test:sum",
            "inputs": {"a": {"source": "dependency", "node": ["one", "sum"]}},
        },
    ],
    "outputs": [{"name": "total", "node": ["two", "sum"]}],
}


def errors(document: object) -> dict[str, str]:
    with pytest.raises(WorkflowError) as caught:
        read(document)
    return {error.pointer: error.detail for error in caught.value.errors}


def test_a_workflow_is_read() -> None:
    assert read(PLAIN) == Workflow(
        meta={"name": "sums", "title": "Two sums", "version": "2.0.0"},
        inputs=(Input("first", "number"), Input("rest", "list", {"param_type": "number"})),
        nodes=(
            Node("one", "test:sum", {"a": FromInput("first"), "b": Literal(None)}),
            Node("two", "test:sum", {"a": FromNode("one", "sum")}),
        ),
        outputs=(Output("total", FromNode("two", "sum")), Output("half", FromNode("one"))),
    )


@pytest.mark.parametrize("document", [PLAIN, CLASSIC])
def test_what_was_read_is_written_as_it_was(document: dict[str, Any]) -> None:
    assert json.dumps(write(read(document))) == json.dumps(document)


def test_a_literal_may_stand_under_node_as_ncdjango_writes_it() -> None:
    document = {**CLASSIC, "workflow": [dict(CLASSIC["workflow"][0])]}
    document["workflow"][0]["inputs"] = {"b": {"source": "literal", "node": [1, 2]}}
    assert read(document).nodes[0].inputs == {"b": Literal([1, 2])}


def test_everything_that_is_wrong_is_named_at_once() -> None:
    assert errors(
        {
            "meta": [],
            "inputs": [{"name": "", "type": "number", "arguments": {}}, 5],
            "nodes": [
                {"id": 7, "task": "t", "inputs": {"a/b": {"type": "literal"}}},
                {"task": "t", "inputs": {"a": {"type": "guess", "value": 1}}},
                {
                    "id": "x",
                    "task": "t",
                    "inputs": {
                        "a": {"type": "dependency", "value": ["n", "o", "p"]},
                        "b": {"type": "input", "value": 5},
                        "c": {"type": "literal", "source": "input", "value": 5},
                        "d": {"type": [], "value": 5},
                    },
                },
            ],
            "outputs": {},
            "author": "me",
        }
    ) == {
        "/author": "is not known",
        "/meta": "must be an object",
        "/inputs/0/arguments": "is not known",
        "/inputs/0/name": "must be a text that is not empty",
        "/inputs/1": "must be an object",
        "/inputs/1/name": "is required",
        "/inputs/1/type": "is required",
        "/nodes/0/id": "must be a text that is not empty",
        "/nodes/0/inputs/a~1b": "must have one value",
        "/nodes/1/id": "is required",
        "/nodes/1/inputs/a": "must have a type: input, dependency or literal",
        "/nodes/2/inputs/a": "must be [node, output]",
        "/nodes/2/inputs/b": "must name an input of the workflow",
        "/nodes/2/inputs/c": "must have a type: input, dependency or literal",
        "/nodes/2/inputs/d": "must have a type: input, dependency or literal",
        "/outputs": "must be a list",
    }


def test_a_workflow_has_nodes_under_one_name() -> None:
    assert errors({"nodes": [], "workflow": []}) == {
        "/workflow": "stands beside nodes: one of them is enough"
    }
    assert errors({}) == {"/nodes": "is required"}
    assert errors([])[""] == "must be an object"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("literal"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "task", "inputs", "type", "value", "name", "node", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.fixed_dictionaries({"nodes": json_values, "inputs": json_values, "outputs": json_values}))
def test_hostile_documents_are_read_or_refused(document: dict[str, Any]) -> None:
    try:
        workflow = read(document)
    except WorkflowError as error:
        workflow = None
        told = error.errors
    assert workflow is not None or told
