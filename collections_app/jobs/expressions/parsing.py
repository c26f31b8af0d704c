"""Reading expressions, by precedence climbing (V. R. Pratt, 1973). Needs no numpy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collections_app.jobs.expressions import grammar, tokens
from collections_app.jobs.expressions.errors import ExpressionError
from collections_app.jobs.expressions.tokens import Token
from collections_app.jobs.expressions.tree import (
    Binary,
    Call,
    Constant,
    Item,
    Logic,
    Name,
    Node,
    Order,
    Unary,
    walk,
)


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read: its text, its syntax tree, and the names that it needs.

    `names` are in the order in which they come first in the text.
    """

    text: str
    root: Node
    names: tuple[str, ...]

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """Its value where names mean what `context` says; ExpressionError where there is none."""
        from collections_app.jobs.expressions.evaluation import evaluate

        return evaluate(self, context)


def parse(text: str) -> Expression:
    """Read an expression; ExpressionError says what is wrong, and in which column."""
    if len(text) > grammar.MAX_LENGTH:
        raise ExpressionError(f"The expression has more than {grammar.MAX_LENGTH} characters")
    root = _Parser(text).whole()
    for number, (node, depth) in enumerate(walk(root), 1):
        if number > grammar.MAX_NODES:
            raise ExpressionError(f"The expression has more than {grammar.MAX_NODES} parts")
        if depth > grammar.MAX_DEPTH:
            raise _too_deep(node.column)
    found = (node.name for node, _ in walk(root) if isinstance(node, Name))
    return Expression(text, root, tuple(dict.fromkeys(found)))


class _Parser:
    """One reading of a text."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens.tokens(text)
        self._token = next(self._tokens)
        self._depth = 0

    def whole(self) -> Node:
        node = self._node(grammar.OR)
        if self._token.kind != tokens.END:
            raise self._unexpected("an operator")
        return node

    def _node(self, level: int) -> Node:
        """The longest expression here whose operators bind at `level` or tighter."""
        self._depth += 1
        if self._depth > grammar.MAX_DEPTH:
            raise _too_deep(self._token.column)
        node = self._operand(level)
        while (binds := self._binds()) and binds >= level:
            node = _READERS.get(binds, _Parser._arithmetic)(self, node)
        self._depth -= 1
        return node

    def _binds(self) -> int:
        """How tightly the operator here binds what stands before it; 0 where there is none."""
        return grammar.LEVELS.get(self._spelling(), 0)

    def _spelling(self) -> str:
        return grammar.SPELLINGS.get(self._token.text, self._token.text)

    def _operand(self, level: int) -> Node:
        token = self._token
        if token.text in grammar.PREFIXES:
            return self._prefixed(level)
        if token.text == "(":
            self._advance()
            node = self._node(grammar.OR)
            self._expect(")")
            return node
        if token.kind == tokens.NUMBER:
            return Constant(self._advance().column, _number(token))
        if token.kind == tokens.TEXT:
            return Constant(self._advance().column, token.text[1:-1])
        if token.kind == tokens.NAME and token.text not in grammar.WORDS:
            return self._named()
        raise self._unexpected("a value")

    def _prefixed(self, level: int) -> Node:
        token = self._token
        if token.text == "not" and level > grammar.NOT:
            raise ExpressionError("'not' needs parentheses around it here", token.column)
        self._advance()
        operator = "not" if token.text == "!" else token.text
        return Unary(token.column, operator, self._node(grammar.PREFIXES[token.text]))

    def _named(self) -> Node:
        token = self._advance()
        if self._token.text == "(":
            return self._call(token)
        if token.text in grammar.CONSTANTS:
            return Constant(token.column, grammar.CONSTANTS[token.text])
        return Name(token.column, token.text)

    def _arithmetic(self, left: Node) -> Node:
        level, operator, column = self._binds(), self._spelling(), self._advance().column
        return Binary(column, operator, left, self._node(level + 1))

    def _power(self, left: Node) -> Node:
        column = self._advance().column
        # 2 ** 3 ** 2 is 2 ** (3 ** 2), and 2 ** -1 needs no parentheses.
        return Binary(column, "**", left, self._node(grammar.SIGN))

    def _logic(self, left: Node) -> Node:
        level, operator, column = self._binds(), self._spelling(), self._advance().column
        return Logic(column, operator, left, self._node(level + 1))

    def _equality(self, left: Node) -> Node:
        node = self._arithmetic(left)
        if self._binds() == grammar.EQUALITY:
            raise ExpressionError("Write a == b and b == c instead of a == b == c", self._at())
        return node

    def _order(self, left: Node) -> Node:
        column, operators, operands = self._at(), [], [left]
        while self._binds() == grammar.ORDER:
            operators.append(self._advance().text)
            operands.append(self._node(grammar.SUM))
        return Order(column, tuple(operators), tuple(operands))

    def _item(self, of: Node) -> Node:
        column = self._advance().column
        index = self._node(grammar.OR)
        self._expect("]")
        return Item(column, of, index)

    def _call(self, name: Token) -> Node:
        signature = grammar.FUNCTIONS.get(name.text)
        if signature is None:
            raise ExpressionError(f"There is no function {name.text!r}", name.column)
        arguments: dict[str, Node] = {}
        self._advance()
        while self._token.text != ")":
            if arguments:
                self._expect(",")
            self._argument(name, signature, arguments)
        self._advance()
        for required in signature.names[: signature.required]:
            if required not in arguments:
                raise ExpressionError(f"{name.text}() lacks {required!r}", name.column)
        return Call(name.column, name.text, tuple(arguments.items()))

    def _argument(
        self, function: Token, signature: grammar.Signature, arguments: dict[str, Node]
    ) -> None:
        """Read one argument, by its place or as `name=value`, into `arguments`."""
        column, value = self._at(), self._node(grammar.OR)
        if self._token.text == "=" and isinstance(value, Name):
            self._advance()
            name, value = value.name, self._node(grammar.OR)
        elif len(arguments) < len(signature.names):
            name = signature.names[len(arguments)]
        else:
            raise ExpressionError(f"{function.text}() takes fewer arguments", column)
        if name not in signature.names or name in arguments:
            raise ExpressionError(f"{function.text}() cannot take {name!r} here", column)
        arguments[name] = value

    def _at(self) -> int:
        return self._token.column

    def _advance(self) -> Token:
        """The word here; go on to the next."""
        token = self._token
        self._token = next(self._tokens, token)
        return token

    def _expect(self, symbol: str) -> None:
        if self._token.text != symbol:
            raise self._unexpected(repr(symbol))
        self._advance()

    def _unexpected(self, wanted: str) -> ExpressionError:
        found = "the end" if self._token.kind == tokens.END else self._token.text
        return ExpressionError(f"Expected {wanted} instead of {found}", self._at())


_READERS: Mapping[int, Callable[[_Parser, Node], Node]] = {
    grammar.OR: _Parser._logic,
    grammar.AND: _Parser._logic,
    grammar.EQUALITY: _Parser._equality,
    grammar.ORDER: _Parser._order,
    grammar.POWER: _Parser._power,
    grammar.ITEM: _Parser._item,
}


def _number(token: Token) -> int | float:
    if token.text.isdigit():
        return int(token.text)
    return float(token.text)


def _too_deep(column: int) -> ExpressionError:
    return ExpressionError(f"The expression is nested more than {grammar.MAX_DEPTH} deep", column)
