"""Expressions over numbers, arrays and rasters, as clients write them: never Python's eval.

Reading one needs no numpy, so that a web process can refuse a wrong one.
"""

from collections_app.jobs.expressions.errors import ExpressionError
from collections_app.jobs.expressions.parsing import Expression, parse

__all__ = ["Expression", "ExpressionError", "parse"]
