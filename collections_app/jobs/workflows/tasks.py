"""What the nodes of a workflow can run, by the names that workflow files use."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collections_app.jobs import processes
from collections_app.jobs.processes import Process, ProcessTask
from core_api.background.tasks import Run


@dataclass(frozen=True, slots=True)
class NodeTask:
    """A process as a node runs it.

    Where `variables` is not empty, inputs that the process does not know are gathered, as a dict
    by their names, into its input of that name.
    """

    process: Process
    variables: str = ""

    def call(self, values: Mapping[str, Any], run: Run | None) -> dict[str, Any]:
        """The outputs by name, for inputs by name: Python values, both."""
        known = {parameter.name for parameter in self.process.inputs}
        arguments = {name: value for name, value in values.items() if name in known}
        if rest := {name: value for name, value in values.items() if name not in known}:
            arguments[self.variables] = {**arguments.get(self.variables, {}), **rest}
        return self.process.call(arguments, run)


_tasks: dict[str, NodeTask] = {}


def register(name: str, process: Process, variables: str = "") -> None:
    """Let workflow files run the process under this name, besides its id."""
    _tasks[name] = NodeTask(process, variables)


def find(name: str) -> NodeTask | None:
    """The task of this name: one that was registered, a process, or a class of this `name`."""
    if task := _tasks.get(name):
        return task
    if process := processes.find(name):
        return NodeTask(process)
    for class_ in _classes(ProcessTask):
        if class_.name == name:
            return NodeTask(processes.as_process(class_, identifier(name)))
    return None


def identifier(name: str) -> str:
    """A name as the id of a process: "Map Reduce" is "map-reduce"."""
    return re.sub(r"[^a-z0-9_.]+", "-", name.lower()).strip("-.")[:100] or "workflow"


def _classes(class_: type[ProcessTask]) -> Iterator[type[ProcessTask]]:
    for subclass in class_.__subclasses__():
        yield subclass
        yield from _classes(subclass)
