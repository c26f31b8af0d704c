"""Parameters whose values JSON has itself: text, numbers, booleans; and times."""

import datetime as dt
import math
import re
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from collections_app.jobs.parameters.base import Parameter, ParameterError
from collections_app.jobs.parameters.limits import MAX_CHARACTERS
from core_api.background.tasks import Json, Run
from core_api.wire.errors import FieldErrors
from core_api.wire.times import parse_moment, to_rfc3339

# What every database and most clients can count to.
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class StringParameter(Parameter):
    """Text: `pattern` is a regular expression that matches all of it, `choices` the only values."""

    type: ClassVar[str] = "string"

    _: KW_ONLY
    min_length: int = 0
    max_length: int = MAX_CHARACTERS
    pattern: str = ""
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "choices", tuple(self.choices))
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"{self.pattern!r} is no pattern: {error}.") from error

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of the text."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        schema: dict[str, Json] = {"type": "string", "maxLength": self.max_length}
        if self.min_length:
            schema["minLength"] = self.min_length
        if self.pattern:
            schema["pattern"] = f"^(?:{self.pattern})$"
        return schema

    def check_value(self, value: Json) -> None:
        """Check that it is text of this length and pattern."""
        if not isinstance(value, str):
            raise ParameterError("must be text")
        if "\0" in value or _SURROGATE.search(value):
            raise ParameterError("must not have U+0000 or lone surrogates")
        if self.choices:
            check_choice(value, self.choices)
        if len(value) < self.min_length:
            raise ParameterError(f"must have at least {self.min_length} characters")
        if len(value) > self.max_length:
            raise ParameterError(f"must have at most {self.max_length} characters")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ParameterError(f"must match {self.pattern}")


@dataclass(frozen=True)
class NumberParameter(Parameter):
    """A finite number, an integer or not: `minimum` and `maximum` belong to it."""

    type: ClassVar[str] = "number"

    _: KW_ONLY
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "choices", tuple(self.choices))

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of the number."""
        schema: dict[str, Json] = {"type": "number"}
        if self.choices:
            schema["enum"] = list(self.choices)
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return schema | {name: bound for name, bound in bounds.items() if bound is not None}

    def check_value(self, value: Json) -> None:
        """Check that it is a finite number within the bounds."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ParameterError("must be a number")
        if not math.isfinite(value) if isinstance(value, float) else abs(value) > 10**308:
            raise ParameterError("must be finite")
        if self.choices:
            check_choice(value, self.choices)
        if self.minimum is not None and value < self.minimum:
            raise ParameterError(f"must be at least {self.minimum:g}")
        if self.maximum is not None and value > self.maximum:
            raise ParameterError(f"must be at most {self.maximum:g}")


@dataclass(frozen=True)
class IntParameter(NumberParameter):
    """An integer of 64 bits; 5.0 is one, as in JSON Schema."""

    type: ClassVar[str] = "integer"

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of the integer."""
        bounds = {"minimum": MIN_INTEGER, "maximum": MAX_INTEGER}
        return bounds | super().value_schema() | {"type": "integer"}

    def check_value(self, value: Json) -> None:
        """Check that it is an integer within the bounds."""
        super().check_value(value)
        if value != int(value):
            raise ParameterError("must be an integer")
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            raise ParameterError("must be an integer of 64 bits")

    def parse_value(self, value: Json, run: Run | None) -> int:  # noqa: ARG002
        """The integer."""
        return int(value)

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """The integer, of numpy's too."""
        return int(super().dump_value(value, run))


@dataclass(frozen=True)
class FloatParameter(NumberParameter):
    """A number that Python has as a float."""

    type: ClassVar[str] = "float"

    def parse_value(self, value: Json, run: Run | None) -> float:  # noqa: ARG002
        """The number as a float."""
        return float(value)

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """The number as a float."""
        return float(super().dump_value(value, run))


@dataclass(frozen=True)
class BooleanParameter(Parameter):
    """True or false."""

    type: ClassVar[str] = "boolean"

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of the boolean."""
        return {"type": "boolean"}

    def check_value(self, value: Json) -> None:
        """Check that it is true or false."""
        if not isinstance(value, bool):
            raise ParameterError("must be true or false")


@dataclass(frozen=True)
class DateTimeParameter(Parameter):
    """An instant: RFC 3339 on the wire, an aware datetime in UTC in Python."""

    type: ClassVar[str] = "date-time"

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of the text."""
        return {"type": "string", "format": "date-time"}

    def check_value(self, value: Json) -> None:
        """Check that it is RFC 3339 text."""
        self.parse_value(value, None)

    def parse_value(self, value: Json, run: Run | None) -> dt.datetime:  # noqa: ARG002
        """The instant."""
        if not isinstance(value, str):
            raise ParameterError("must be RFC 3339 text")
        try:
            return parse_moment(value, dt.datetime.now(dt.UTC)).instant
        except FieldErrors as error:
            raise ParameterError(error.errors[0].detail) from None

    def dump_value(self, value: Any, run: Run | None) -> Json:  # noqa: ARG002
        """The instant as text with Z; a datetime without an offset is in UTC."""
        if not isinstance(value, dt.datetime):
            raise ParameterError("must be a datetime")
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return to_rfc3339(aware)


def check_choice(value: Json, choices: tuple[Any, ...]) -> None:
    """ParameterError where the value is none of the choices."""
    if value not in choices:
        raise ParameterError(f"must be one of {', '.join(map(str, choices))}")
