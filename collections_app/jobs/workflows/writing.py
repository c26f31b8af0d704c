"""A workflow to JSON: what was read is written with the same members, in a stable order."""

from typing import Any

from collections_app.jobs.workflows.model import (
    FromInput,
    FromNode,
    Input,
    Json,
    Source,
    Workflow,
)


def write(workflow: Workflow) -> dict[str, Json]:
    """The workflow as a JSON object; `reading.read` gives the same workflow for it."""
    spell = _classic if workflow.classic else _plain
    nodes = [
        {
            "id": node.id,
            "task": node.task,
            "inputs": {name: spell(source) for name, source in node.inputs.items()},
        }
        for node in workflow.nodes
    ]
    return {
        "meta": dict(workflow.meta),
        "inputs": [_input(each) for each in workflow.inputs],
        "workflow" if workflow.classic else "nodes": nodes,
        "outputs": [
            {"name": output.name, "node": _reference(output.source)} for output in workflow.outputs
        ],
    }


def _input(input_: Input) -> dict[str, Json]:
    members = {"name": input_.name, "type": input_.type}
    return members if input_.args is None else {**members, "args": input_.args}


def _plain(source: Source) -> dict[str, Json]:
    match source:
        case FromInput(name=name):
            return {"type": "input", "value": name}
        case FromNode():
            return {"type": "dependency", "value": _reference(source)}
    return {"type": "literal", "value": source.value}


def _classic(source: Source) -> dict[str, Json]:
    match source:
        case FromInput(name=name):
            return {"source": "input", "input": name}
        case FromNode():
            return {"source": "dependency", "node": _reference(source)}
    return {"source": "literal", "input": source.value}


def _reference(source: FromNode) -> Any:
    return source.node if source.output is None else [source.node, source.output]
