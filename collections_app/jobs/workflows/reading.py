"""JSON to a workflow. What it means, such as whether its tasks exist, is looked at afterwards.

Two spellings are read: `nodes` whose inputs have `type` and `value`; and ncdjango's `workflow`,
whose inputs have `source` and, after its kind, `input` or `node`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from collections_app.jobs.workflows.errors import Findings
from collections_app.jobs.workflows.model import (
    FromInput,
    FromNode,
    Input,
    Literal,
    Node,
    Output,
    Source,
    Workflow,
)
from core_api.wire.errors import pointer_to

MAX_NODES = 1000
_T = TypeVar("_T")
_KINDS = ("input", "dependency", "literal")
_VALUES = ("value", "input", "node")


def read(document: object) -> Workflow:
    """The workflow that a JSON value describes; WorkflowError names every place that is wrong."""
    findings = Findings()
    reader = _Reader(findings)
    members = reader.members(document, "", {"meta", "inputs", "nodes", "workflow", "outputs"})
    classic = "workflow" in members
    if classic and "nodes" in members:
        findings.add("/workflow", "stands beside nodes: one of them is enough")
    key = "workflow" if classic else "nodes"
    workflow = Workflow(
        meta=reader.object_(members.get("meta", {}), "/meta"),
        inputs=reader.list_(members.get("inputs", []), "/inputs", reader.input_),
        nodes=reader.list_(members.get(key), f"/{key}", reader.node),
        outputs=reader.list_(members.get("outputs", []), "/outputs", reader.output),
        classic=classic,
    )
    if len(workflow.nodes) > MAX_NODES:
        findings.add(f"/{key}", f"has more than {MAX_NODES} nodes")
    findings.raise_any()
    return workflow


class _Reader:
    """Reads the parts; what is wrong with one goes to the findings, and the part is left out."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def object_(self, value: object, at: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        self._findings.add(at, "must be an object")
        return {}

    def members(self, value: object, at: str, known: Iterable[str]) -> Mapping[str, Any]:
        """The members of an object that has none but the known ones."""
        found = self.object_(value, at)
        for name in found.keys() - set(known):
            self._findings.add(at + pointer_to(name), "is not known")
        return found

    def list_(
        self, value: object, at: str, read_one: Callable[[Any, str], _T | None]
    ) -> tuple[_T, ...]:
        if not isinstance(value, list):
            self._findings.add(at, "is required" if value is None else "must be a list")
            return ()
        found = (read_one(each, f"{at}/{index}") for index, each in enumerate(value))
        return tuple(each for each in found if each is not None)

    def text(self, members: Mapping[str, Any], name: str, at: str) -> str:
        value = members.get(name)
        if not isinstance(value, str) or not value:
            detail = "is required" if value is None else "must be a text that is not empty"
            self._findings.add(f"{at}/{name}", detail)
            return ""
        return value

    def input_(self, value: object, at: str) -> Input | None:
        members = self.members(value, at, ("name", "type", "args"))
        return Input(
            self.text(members, "name", at), self.text(members, "type", at), members.get("args")
        )

    def node(self, value: object, at: str) -> Node | None:
        members = self.members(value, at, ("id", "task", "inputs"))
        node_id, task = self.text(members, "id", at), self.text(members, "task", at)
        given = self.object_(members.get("inputs", {}), f"{at}/inputs")
        sources = {
            name: self.source(each, f"{at}/inputs{pointer_to(name)}")
            for name, each in given.items()
        }
        inputs = {name: source for name, source in sources.items() if source is not None}
        return Node(node_id, task, inputs)

    def source(self, value: object, at: str) -> Source | None:
        members = self.members(value, at, ("type", "source", *_VALUES))
        kinds = [members[name] for name in ("type", "source") if name in members]
        values = [members[name] for name in _VALUES if name in members]
        if len(kinds) != 1 or kinds[0] not in _KINDS:
            self._findings.add(at, "must have a type: input, dependency or literal")
        elif len(values) != 1:
            self._findings.add(at, "must have one value")
        elif kinds[0] == "literal":
            return Literal(values[0])
        elif kinds[0] == "dependency":
            return self.reference(values[0], at)
        elif isinstance(values[0], str):
            return FromInput(values[0])
        else:
            self._findings.add(at, "must name an input of the workflow")
        return None

    def reference(self, value: object, at: str) -> FromNode | None:
        """`[node, output]`, or `node` alone."""
        match value:
            case str(node) | [str(node)]:
                return FromNode(node)
            case [str(node), str(output)]:
                return FromNode(node, output)
        self._findings.add(at, "must be [node, output]")
        return None

    def output(self, value: object, at: str) -> Output | None:
        members = self.members(value, at, ("name", "node"))
        name = self.text(members, "name", at)
        source = self.reference(members.get("node"), f"{at}/node")
        return Output(name, source) if source is not None else None
