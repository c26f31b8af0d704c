"""An expression as an input: a wrong one is refused before a job is accepted."""

from dataclasses import dataclass

from collections_app.jobs.expressions import ExpressionError, parse
from collections_app.jobs.parameters.base import ParameterError
from collections_app.jobs.parameters.literals import StringParameter
from core_api.background.tasks import Json


@dataclass(frozen=True)
class ExpressionParameter(StringParameter):
    """The text of an expression (docs/reference/expressions.md)."""

    def check_value(self, value: Json) -> None:
        """Check that it can be read."""
        super().check_value(value)
        try:
            parse(value)
        except ExpressionError as error:
            raise ParameterError(f"is no expression: {error.detail.rstrip('.')}") from None
