"""What a parameter is: a name, and how its values look to clients and to Python."""

import enum
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Final

from core_api.background.tasks import Json, Run
from core_api.wire.errors import pointer_to


class Missing(enum.Enum):
    """The type of MISSING, which is not None."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class ParameterError(ValueError):
    """A value that is not what its parameter takes.

    `detail` says of the value what is wrong, such as "must be a number"; `pointer` is the JSON
    Pointer (RFC 6901) from the value to the part at fault, "" where that is the whole.
    """

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(f"{pointer} {detail}" if pointer else detail)
        self.detail = detail
        self.pointer = pointer


class inside:  # noqa: N801
    """A context that prefixes the pointer of a ParameterError with the keys that lead there.

    A class, for contextlib's generators take ten times as long, and positions are many.
    """

    __slots__ = ("_keys",)

    def __init__(self, *keys: str | int) -> None:
        self._keys = keys

    def __enter__(self) -> None:
        """Nothing is done before there is an error."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ParameterError):
            raise ParameterError(error.detail, pointer_to(*self._keys) + error.pointer) from error


@dataclass(frozen=True)
class Parameter:
    """A named value that a process takes or gives.

    Its wire form is what JSON carries; `parse` and `dump` convert it to and from Python's.
    `default` is a Python value; with one the parameter is not required. `nullable` says that null
    (None) is a value too. Classes of parameters define `value_schema`, `check_value`,
    `parse_value` and `dump_value`.
    """

    type: ClassVar[str] = "any"

    name: str = ""
    required: bool = True
    _: KW_ONLY
    default: Any = MISSING
    title: str = ""
    description: str = ""
    nullable: bool = False

    def __post_init__(self) -> None:
        if self.default is not MISSING:
            object.__setattr__(self, "required", False)

    @property
    def takes_files(self) -> bool:
        """Whether a value may be `{"value": "<base64>", "encoding": ..., "mediaType": ...}`."""
        return False

    def schema(self) -> dict[str, Json]:
        """The JSON Schema (2020-12) of the wire form, with title, description and default."""
        schema = self.value_schema()
        if self.nullable:
            schema = {"anyOf": [schema, {"type": "null"}]}
        texts = {"title": self.title, "description": self.description}
        schema |= {key: text for key, text in texts.items() if text}
        if self.default is not MISSING and (self.nullable or self.default is not None):
            schema["default"] = self.dump(self.default, None)
        return schema

    def check(self, value: Json) -> None:
        """Check the wire form without loading anything; ParameterError where it is not one."""
        if value is None and self.nullable:
            return
        self.check_value(value)

    def parse(self, value: Json, run: Run | None = None) -> Any:
        """The Python value of a wire form; ParameterError where it is not one.

        `run` opens the files of other jobs' results; without one, links cannot be followed.
        """
        self.check(value)
        if value is None and self.nullable:
            return None
        return self.parse_value(value, run)

    def dump(self, value: Any, run: Run | None = None) -> Json:
        """The wire form of a Python value; ParameterError where it has none.

        Large values become files by `run.keep`; without a run they cannot.
        """
        value = scalar(value)
        if value is None and self.nullable:
            return None
        return self.dump_value(value, run)

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of a value that is not null."""
        return {}

    def check_value(self, value: Json) -> None:
        """Check a wire form that is not null."""

    def parse_value(self, value: Json, run: Run | None) -> Any:  # noqa: ARG002
        """The Python value of a checked wire form."""
        return value

    def dump_value(self, value: Any, run: Run | None) -> Json:  # noqa: ARG002
        """The wire form of a Python value."""
        self.check_value(value)
        return value


def scalar(value: Any) -> Any:
    """A number of numpy as Python's own, None for a masked one; everything else as it is."""
    if not hasattr(value, "item") or getattr(value, "ndim", None) != 0:
        return value
    return None if getattr(value, "mask", False) else value.item()
