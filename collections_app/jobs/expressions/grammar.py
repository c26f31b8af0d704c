"""What an expression may say: operators and how they bind, constants, functions, limits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 2000
MAX_DEPTH: Final = 100
MAX_NODES: Final = 500

OR, AND, NOT, EQUALITY, ORDER, SUM, PRODUCT, SIGN, POWER, ITEM = range(1, 11)

LEVELS: Final[Mapping[str, int]] = {
    "or": OR,
    "and": AND,
    "==": EQUALITY,
    "!=": EQUALITY,
    "<": ORDER,
    "<=": ORDER,
    ">": ORDER,
    ">=": ORDER,
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "//": PRODUCT,
    "%": PRODUCT,
    "**": POWER,
    "[": ITEM,
}
"""How tightly each operator binds its operands: the higher, the tighter."""

PREFIXES: Final[Mapping[str, int]] = {"not": NOT, "!": SIGN, "-": SIGN, "+": SIGN}
"""The operators before an operand, and the level at which that operand is read."""

SPELLINGS: Final[Mapping[str, str]] = {"&&": "and", "||": "or"}

CONSTANTS: Final[Mapping[str, bool | float]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    "pi": math.pi,
    "nan": math.nan,
}

WORDS: Final = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Signature:
    """The names of a function's arguments, the first `required` of which it cannot do without."""

    names: tuple[str, ...]
    required: int


_ONE = Signature(("a",), 1)
_REDUCTION = Signature(("a", "axis"), 1)

FUNCTIONS: Final[Mapping[str, Signature]] = {
    **dict.fromkeys(("min", "max", "sum", "mean", "median", "std", "var"), _REDUCTION),
    **dict.fromkeys(("abs", "floor", "ceil", "sqrt", "exp"), _ONE),
    **dict.fromkeys(("int", "int8", "int16", "int32", "float", "bool", "str"), _ONE),
    "log": Signature(("a", "base"), 1),
    "round": Signature(("a", "digits"), 1),
    "clip": Signature(("a", "lowest", "highest"), 3),
    "where": Signature(("condition", "a", "b"), 3),
    "mask": Signature(("a", "condition"), 2),
    "get_mask": _ONE,
}
