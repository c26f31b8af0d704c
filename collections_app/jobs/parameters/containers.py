"""Parameters that hold values of others: lists, objects, one of several types; and any value."""

import base64
import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from collections_app.jobs.parameters import registry
from collections_app.jobs.parameters.base import Parameter, ParameterError, inside, scalar
from collections_app.jobs.parameters.limits import MAX_DEPTH, MAX_ITEMS
from core_api.background.tasks import Json, Run
from core_api.wire import jsontext


@dataclass(frozen=True)
class AnyParameter(Parameter):
    """Any value; what Python gives is written as the type that it is of."""

    type: ClassVar[str] = "any"

    def check_value(self, value: Json) -> None:
        """Check that it is not nested too deep."""
        if jsontext.is_deeper(value, MAX_DEPTH):
            raise ParameterError(f"must be nested at most {MAX_DEPTH} deep")

    def check(self, value: Json) -> None:
        """Null is any value too."""
        self.check_value(value)

    def dump(self, value: Any, run: Run | None = None) -> Json:
        """The wire form, by the type of each part; sets and iterators are lists, bytes base64."""
        return self._dumped(value, run, self.name, MAX_DEPTH)

    def _dumped(self, value: Any, run: Run | None, name: str, depth: int) -> Json:
        value = scalar(value)
        if value is None:
            return None
        if not depth:
            raise ParameterError(f"must be nested at most {MAX_DEPTH} deep")
        if isinstance(value, bytes | bytearray):
            value = base64.b64encode(value).decode()
        if isinstance(value, Mapping):
            return {
                key: self._part(member, run, name, key, depth)
                for key, member in _text_keys(value).items()
            }
        found = registry.for_value(value, name)
        if found is not None:
            return found.dump(value, run)
        if isinstance(value, Iterable):
            return [self._part(item, run, name, index, depth) for index, item in _bounded(value)]
        raise ParameterError(f"must not be of the type {type(value).__name__}")

    def _part(self, value: Any, run: Run | None, name: str, key: str | int, depth: int) -> Json:
        with inside(key):
            return self._dumped(value, run, f"{name}-{key}", depth - 1)


@dataclass(frozen=True)
class DictParameter(Parameter):
    """An object: of any values, or of values that are all as `values` says."""

    type: ClassVar[str] = "dict"

    _: KW_ONLY
    values: Parameter | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.values is not None:
            object.__setattr__(self, "values", registry.as_parameter(self.values))

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of the object."""
        schema: dict[str, Json] = {"type": "object", "maxProperties": MAX_ITEMS}
        if self.values is not None:
            schema["additionalProperties"] = self.values.schema()
        return schema

    def check_value(self, value: Json) -> None:
        """Check that it is an object, and each of its members."""
        if not isinstance(value, dict):
            raise ParameterError("must be an object")
        if len(value) > MAX_ITEMS:
            raise ParameterError(f"must have at most {MAX_ITEMS} members")
        for key, member in value.items():
            with inside(key):
                self._member(key).check(member)

    def parse_value(self, value: Json, run: Run | None) -> dict[str, Any]:
        """A dict of the members' Python values."""
        parsed = {}
        for key, member in value.items():
            with inside(key):
                parsed[key] = self._member(key).parse(member, run)
        return parsed

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """An object of the members' wire forms."""
        if not isinstance(value, Mapping):
            raise ParameterError("must be a mapping")
        dumped = {}
        for key, member in _text_keys(value).items():
            with inside(key):
                dumped[key] = self._member(key).dump(member, run)
        return dumped

    def _member(self, key: str) -> Parameter:
        return replace_name(self.values or AnyParameter(), f"{self.name}-{key}")


@dataclass(frozen=True, init=False)
class ListParameter(Parameter):
    """A list of values that are all as `param_type` says.

    What Python gives may be any iterable, a generator too: its items are written one by one.
    """

    type: ClassVar[str] = "list"

    param_type: Parameter = AnyParameter()
    min_items: int = 0
    max_items: int = MAX_ITEMS

    def __init__(
        self,
        param_type: Any = None,
        name: str = "",
        required: bool = True,
        *,
        min_items: int = 0,
        max_items: int = MAX_ITEMS,
        **more: Any,
    ) -> None:
        items = AnyParameter() if param_type is None else registry.as_parameter(param_type)
        object.__setattr__(self, "param_type", items)
        object.__setattr__(self, "min_items", min_items)
        object.__setattr__(self, "max_items", max_items)
        super().__init__(name, required, **more)

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of the list."""
        return {
            "type": "array",
            "items": self.param_type.schema(),
            "minItems": self.min_items,
            "maxItems": self.max_items,
        }

    def check_value(self, value: Json) -> None:
        """Check that it is a list of this length, and each of its items."""
        if not isinstance(value, list):
            raise ParameterError("must be a list")
        self._check_length(len(value))
        for index, item in enumerate(value):
            with inside(index):
                self.param_type.check(item)

    def parse_value(self, value: Json, run: Run | None) -> list[Any]:
        """A list of the items' Python values."""
        parsed = []
        for index, item in enumerate(value):
            with inside(index):
                parsed.append(self.param_type.parse(item, run))
        return parsed

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """A list of the items' wire forms."""
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            raise ParameterError("must be a list or another iterable")
        dumped = []
        for index, item in _bounded(value, self.max_items):
            with inside(index):
                named = replace_name(self.param_type, f"{self.name}-{index}")
                dumped.append(named.dump(item, run))
        self._check_length(len(dumped))
        return dumped

    def _check_length(self, length: int) -> None:
        if length < self.min_items:
            raise ParameterError(f"must have at least {self.min_items} items")
        if length > self.max_items:
            raise ParameterError(f"must have at most {self.max_items} items")


@dataclass(frozen=True, init=False)
class MultiParameter(Parameter):
    """A value of one of several types: the first that takes it."""

    type: ClassVar[str] = "multiple"

    types: tuple[Parameter, ...] = ()

    @property
    def takes_files(self) -> bool:
        """Whether one of the types does."""
        return any(one.takes_files for one in self.types)

    def __init__(
        self, types: Iterable[Any] = (), name: str = "", required: bool = True, **more: Any
    ) -> None:
        object.__setattr__(self, "types", tuple(map(registry.as_parameter, types)))
        super().__init__(name, required, **more)

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of the value."""
        return {"anyOf": [one.schema() for one in self.types]}

    def check_value(self, value: Json) -> None:
        """Check that one of the types takes it."""
        self._first(lambda one: one.check(value))

    def parse_value(self, value: Json, run: Run | None) -> Any:
        """The Python value, of the first type that can read it: a link tells little of its file."""
        return self._first(lambda one: one.parse(value, run))

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """The wire form, of the first type that takes it."""
        return self._first(lambda one: replace_name(one, self.name).dump(value, run))

    def _first(self, convert: Callable[[Parameter], Any]) -> Any:
        """What the first type gives that raises no ParameterError."""
        errors: dict[str, None] = {}
        for one in self.types:
            try:
                return convert(one)
            except ParameterError as error:
                errors[str(error)] = None
        raise ParameterError(" or ".join(errors))


def replace_name(parameter: Parameter, name: str) -> Parameter:
    """The same parameter under another name."""
    named = copy.copy(parameter)
    object.__setattr__(named, "name", name)
    return named


def _text_keys(value: Mapping[Any, Any]) -> Mapping[str, Any]:
    if not all(isinstance(key, str) for key in value):
        raise ParameterError("must have keys of text")
    return value


def _bounded(items: Iterable[Any], limit: int = MAX_ITEMS) -> Iterator[tuple[int, Any]]:
    for index, item in enumerate(items):
        if index >= limit:
            raise ParameterError(f"must have at most {limit} items")
        yield index, item
