"""The words of an expression."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collections_app.jobs.expressions.errors import ExpressionError

NUMBER, TEXT, NAME, SYMBOL, END = "number", "text", "name", "symbol", "end"

_WORD = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<text>'[^'\n]*'|"[^"\n]*")
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<symbol>\*\*|//|&&|\|\||==|!=|<=|>=|[-+*/%<>!()\[\],=])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, its kind, and the column of its first character, counted from 1."""

    kind: str
    text: str
    column: int


def tokens(text: str) -> Iterator[Token]:
    """The words of `text` and an END after them; ExpressionError where no word can begin."""
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(_complaint(text[at]), at + 1)
        if match.lastgroup != "space":
            yield Token(match.lastgroup, match.group(), at + 1)
        at = match.end()
    yield Token(END, "", len(text) + 1)


def _complaint(character: str) -> str:
    if character in "'\"":
        return "The text that begins here has no end"
    return f"{character!r} has no meaning in an expression"
