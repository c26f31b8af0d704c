"""Small tasks for workflows, and a job to run them in."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from collections_app.jobs.parameters.containers import AnyParameter, ListParameter
from collections_app.jobs.parameters.literals import IntParameter, NumberParameter, StringParameter
from collections_app.jobs.processes import Process
from collections_app.jobs.workflows import tasks
from core_api.background.tasks import Cancelled, Json


class Job:
    """A run that keeps what it is told."""

    job_id = "00000000-0000-7000-8000-000000000000"
    attempt = 1
    inputs: Mapping[str, Json] = {}
    options: Mapping[str, Json] = {}

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[tuple[float, str, Json]] = []
        self.kept: list[str] = []
        self.dismissed = threading.Event()

    def progress(self, percent: float, message: str = "", details: Json = None) -> None:
        self.told.append((percent, message, details))

    @property
    def cancelled(self) -> bool:
        return self.dismissed.is_set()

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled

    def keep(self, name: str, file: Path, media_type: str) -> Mapping[str, Json]:
        self.kept.append(name)
        return {"href": f"/jobs/{self.job_id}/results/{name}", "type": media_type}

    def open(self, href: str) -> Path:
        raise LookupError(href)

    @property
    def states(self) -> dict[str, str]:
        """The states of the nodes that were told last."""
        return {node: str(state) for node, state in self.told[-1][2]["nodes"].items()}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def numbers(*names: str, **optional: float) -> tuple[NumberParameter, ...]:
    required = [NumberParameter(name) for name in names]
    return (*required, *(NumberParameter(name, default=value) for name, value in optional.items()))


def _divide(numerator: int, denominator: int) -> dict[str, int]:
    return {"result": numerator // denominator, "remainder": numerator % denominator}


SUM = Process("sum", "Sum", lambda a, b: a + b, inputs=numbers("a", b=1), outputs=numbers("sum"))
DIVIDE = Process(
    "divide",
    "Divide",
    _divide,
    inputs=(IntParameter("numerator"), IntParameter("denominator")),
    outputs=(IntParameter("result"), IntParameter("remainder")),
)
SHOUT = Process(
    "shout",
    "Shout",
    lambda text: text.upper(),
    inputs=(StringParameter("text"),),
    outputs=(StringParameter("text"),),
)
COLLECT = Process(
    "collect",
    "Collect",
    lambda items: items,
    inputs=(ListParameter(NumberParameter(), "items"),),
    outputs=(ListParameter(NumberParameter(), "items"),),
)
SCALE = Process(
    "scale",
    "Scale",
    lambda value, variables: value * variables.get("by", 1) + variables.get("plus", 0),
    inputs=(NumberParameter("value"), AnyParameter("variables", default={})),
    outputs=numbers("value"),
)


@pytest.fixture(autouse=True)
def known_tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The tasks above, and those that a test adds to the dict: process by name."""
    known = {f"test:{each.id}": tasks.NodeTask(each) for each in (SUM, DIVIDE, SHOUT, COLLECT)}
    known["test:scale"] = tasks.NodeTask(SCALE, "variables")
    monkeypatch.setattr(tasks, "_tasks", known)
    return known


def node(id_: str, task: str, **inputs: Any) -> dict[str, Any]:
    """A node whose inputs are "=name" of the workflow's, (node, output), or literals."""
    return {
        "id": id_,
        "task": f"test:{task}",
        "inputs": {name: _source(value) for name, value in inputs.items()},
    }


def _source(value: Any) -> dict[str, Any]:
    if isinstance(value, str) and value.startswith("="):
        return {"type": "input", "value": value[1:]}
    if isinstance(value, tuple):
        return {"type": "dependency", "value": list(value)}
    return {"type": "literal", "value": value}


def document(*nodes: Any, inputs: Any = (), outputs: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow with inputs of the type number, or as given, and outputs by name."""
    return {
        "meta": {"name": "A test", "description": "Of workflows."},
        "inputs": [
            {"name": each, "type": "number"} if isinstance(each, str) else each for each in inputs
        ],
        "nodes": list(nodes),
        "outputs": [{"name": name, "node": list(source)} for name, source in outputs.items()],
    }
