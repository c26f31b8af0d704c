"""A workflow as it is written down: nodes that run tasks, and where their inputs come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class FromInput:
    """A node's input is an input of the workflow, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class FromNode:
    """A value is an output of a node; without a name the only one that its task has."""

    node: str
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A node's input is written down in the workflow, in the wire form of its type."""

    value: Json


Source = FromInput | FromNode | Literal


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the workflow: its name, its type, and what else its type is told.

    `args` are an object of keyword arguments, or a list `[[positional], {keywords}]`; None without.
    """

    name: str
    type: str
    args: Json = None


@dataclass(frozen=True, slots=True)
class Node:
    """One run of a task, by an id that is unique in the workflow."""

    id: str
    task: str
    inputs: Mapping[str, Source] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the workflow, and the node's output that it is."""

    name: str
    source: FromNode


@dataclass(frozen=True, slots=True)
class Workflow:
    """A graph of tasks. `meta` has name, title, description, version and what else is known.

    `classic` workflows are written down with the member names that ncdjango uses.
    """

    meta: Mapping[str, Json]
    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Output, ...]
    classic: bool = False
