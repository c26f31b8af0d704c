"""The value of an expression: a walk over its tree, one function of numpy for each node."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from collections_app.jobs.expressions import functions, operators, values
from collections_app.jobs.expressions.errors import ExpressionError
from collections_app.jobs.expressions.parsing import Expression
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
)

_UNARY = {"-": operators.negative, "+": operators.positive, "not": operators.opposite}


def evaluate(expression: Expression, context: Mapping[str, Any]) -> Any:
    """Its value where names mean what `context` says; ExpressionError where there is none.

    Division by zero and the like are errors of numbers, but infinity or NaN (masked, where the
    array has a mask) in arrays.
    """
    with np.errstate(all="ignore"):
        return _value(expression.root, context)


def _value(node: Node, context: Mapping[str, Any]) -> Any:
    try:
        return values.bounded(_computed(node, context))
    except (ArithmeticError, TypeError, ValueError, LookupError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(_sentence(error), node.column) from error
    except MemoryError as error:
        raise ExpressionError("There is not enough memory for the result", node.column) from error


def _computed(node: Node, context: Mapping[str, Any]) -> Any:
    match node:
        case Constant(value=value):
            return value
        case Name(name=name):
            return _member(name, context)
        case Unary(operator=operator, operand=operand):
            return _UNARY[operator](_value(operand, context))
        case Logic():
            return _logic(node, context)
        case Binary(operator=operator, left=left, right=right):
            compute = operators.equality if operator in ("==", "!=") else operators.arithmetic
            return compute(operator, _value(left, context), _value(right, context))
        case Order():
            return _order(node, context)
        case Item(of=of, index=index):
            return values.admit(operators.item(_value(of, context), _value(index, context)))
        case Call(function=function, arguments=arguments):
            given = {name: _value(argument, context) for name, argument in arguments}
            return functions.FUNCTIONS[function](**given)
    raise AssertionError(node)


def _member(name: str, context: Mapping[str, Any]) -> Any:
    if name not in context:
        raise LookupError(f"The name {name!r} is not defined")
    return values.admit(context[name])


def _logic(node: Logic, context: Mapping[str, Any]) -> Any:
    """As in Python for what is no array: the right side is computed only where it decides."""
    left = _value(node.left, context)
    if not values.is_array(left) and bool(left) is (node.operator == "or"):
        return left
    right = _value(node.right, context)
    if not (values.is_array(left) or values.is_array(right)):
        return right
    return (operators.either if node.operator == "or" else operators.both)(left, right)


def _order(node: Order, context: Mapping[str, Any]) -> Any:
    """`a < b < c` is `a < b and b < c`, with b computed once."""
    found: Any = True
    left = _value(node.operands[0], context)
    for symbol, operand in zip(node.operators, node.operands[1:], strict=True):
        right = _value(operand, context)
        holds = operators.order(symbol, left, right)
        if found is True:
            found = holds
        else:
            found = operators.both(found, holds) if _any_array(found, holds) else found and holds
        left = right
    return found


def _any_array(*operands: Any) -> bool:
    return any(map(values.is_array, operands))


def _sentence(error: Exception) -> str:
    text = str(error.args[-1]) if error.args else type(error).__name__
    return text[:1].upper() + text[1:]
