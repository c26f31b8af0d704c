"""A workflow whose every name is resolved, ready to be run."""

from collections.abc import Mapping
from dataclasses import dataclass

from collections_app.jobs.parameters.base import Parameter
from collections_app.jobs.workflows.model import FromInput, Literal, Workflow
from collections_app.jobs.workflows.tasks import NodeTask


@dataclass(frozen=True, slots=True)
class Link:
    """An output of a node, both by name."""

    node: str
    output: str


@dataclass(frozen=True, slots=True)
class Argument:
    """A node's input: its parameter (None for a variable that its task gathers) and its source.

    `is_untyped` where the source is an input of the workflow that takes anything: what a client
    gives there is still in its wire form.
    """

    parameter: Parameter | None
    source: FromInput | Link | Literal
    is_untyped: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A node: its id, its task, its inputs by name."""

    id: str
    task: NodeTask
    arguments: Mapping[str, Argument]

    @property
    def needs(self) -> frozenset[str]:
        """The ids of the nodes whose outputs it takes."""
        sources = (argument.source for argument in self.arguments.values())
        return frozenset(source.node for source in sources if isinstance(source, Link))


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps by id, and the workflow's inputs and outputs by name."""

    workflow: Workflow
    inputs: tuple[Parameter, ...]
    steps: Mapping[str, Step]
    outputs: Mapping[str, Link]

    def needed(self) -> frozenset[str]:
        """The ids of the steps that some output depends on."""
        found: set[str] = set()
        waiting = [link.node for link in self.outputs.values()]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting.extend(self.steps[node].needs)
        return frozenset(found)
