"""The syntax tree of an expression: these nodes and no others."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression; `column` is where its operator, or its first character, stands."""

    column: int

    @property
    def children(self) -> tuple["Node", ...]:
        """Its parts, from left to right."""
        return ()


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A number, a text, or one of the constants."""

    value: bool | int | float | str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A member of the context."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """An operator before its operand: + - not."""

    operator: str
    operand: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic, or a test for equality, of two operands."""

    operator: str
    left: Node
    right: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """Both operands."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Logic(Binary):
    """`and` or `or`."""


@dataclass(frozen=True, slots=True)
class Order(Node):
    """Operands in an order, `0 < x <= 5`: one operator fewer than operands."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The operands."""
        return self.operands


@dataclass(frozen=True, slots=True)
class Item(Node):
    """A member of a list, an array or a dict: `x[0]`."""

    of: Node
    index: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """What is looked into, and where."""
        return (self.of, self.index)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function and its arguments by name."""

    function: str
    arguments: tuple[tuple[str, Node], ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The arguments' values."""
        return tuple(value for _, value in self.arguments)


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Every node, from left to right and parents first, with its depth (the root's is 1)."""
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in reversed(node.children))
