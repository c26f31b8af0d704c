"""Parameters from the annotations of a typed function."""

import types
import typing
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from collections_app.jobs.parameters import registry
from collections_app.jobs.parameters.base import MISSING, Parameter

_LISTS = (list, tuple, set, frozenset, Sequence, Iterable, Iterator, Generator)
_OBJECTS = (dict, Mapping)


@dataclass(frozen=True, kw_only=True)
class Number:
    """Says more of a number: `Annotated[float, Number(minimum=0)]`."""

    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, kw_only=True)
class Text:
    """Says more of text: `Annotated[str, Text(pattern="[a-z]+")]`."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True)
class Items:
    """Says more of a list: `Annotated[list[int], Items(min_items=1)]`."""

    min_items: int | None = None
    max_items: int | None = None


@dataclass(frozen=True, kw_only=True)
class About:
    """Says what any value means: `Annotated[int, About(title="Kernel")]`; so does plain text."""

    title: str | None = None
    description: str | None = None


_MORE = (Number, Text, Items, About)


def from_annotation(annotation: Any, name: str, default: Any = MISSING) -> Parameter:
    """The parameter of an argument; TypeError where no parameter type is known for it.

    Literal gives choices, `X | None` takes null, other unions one of several types; a Parameter in
    Annotated is taken as it is. An argument without a default is required, unless it may be None.
    """
    more: dict[str, Any] = {"default": default}
    if typing.get_origin(annotation) is Annotated:
        annotation, *sayings = typing.get_args(annotation)
        given = next((one for one in sayings if isinstance(one, Parameter)), None)
        if given is not None:
            return _renamed(given, name, default)
        more |= _said(sayings)
    return _parameter(annotation, name, more)


def _parameter(annotation: Any, name: str, more: dict[str, Any]) -> Parameter:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any or annotation is object:
        return registry.make("any", name, **more)
    if origin is Literal:
        return _of_choices(arguments, name, more)
    if origin in (typing.Union, types.UnionType):
        return _of_union(arguments, name, more)
    if (origin or annotation) in _LISTS:
        return _of_list(origin or annotation, arguments, name, more)
    if (origin or annotation) in _OBJECTS:
        return _of_object(arguments, name, more)
    class_ = origin or annotation
    found = registry.for_class(class_, name, **more) if isinstance(class_, type) else None
    if found is None:
        raise TypeError(f"There is no parameter type for {annotation!r} ({name}).")
    return found


def _of_choices(choices: tuple[Any, ...], name: str, more: dict[str, Any]) -> Parameter:
    for type_name, class_ in (("string", str), ("integer", int)):
        if all(type(choice) is class_ for choice in choices):
            return registry.make(type_name, name, choices=choices, **more)
    raise TypeError(f"The choices of {name!r} must all be text, or all be integers.")


def _of_union(members: tuple[Any, ...], name: str, more: dict[str, Any]) -> Parameter:
    kinds = [kind for kind in members if kind is not type(None)]
    if len(kinds) < len(members):
        more = more | {"nullable": True}
        if more["default"] is MISSING:
            more |= {"default": None}
    if len(kinds) == 1:
        return _parameter(kinds[0], name, more)
    return registry.make("multiple", name, [from_annotation(kind, "") for kind in kinds], **more)


def _of_list(kind: Any, members: tuple[Any, ...], name: str, more: dict[str, Any]) -> Parameter:
    items = [member for member in members if member is not Ellipsis]
    # Generator[yielded, sent, returned] has two more.
    if kind is tuple and len(set(items)) > 1:
        raise TypeError(f"The items of {name!r} must all be of one type.")
    item = from_annotation(items[0] if items else Any, "")
    if kind is tuple and items and Ellipsis not in members:
        more = {"min_items": len(items), "max_items": len(items)} | more
    return registry.make("list", name, item, **more)


def _of_object(members: tuple[Any, ...], name: str, more: dict[str, Any]) -> Parameter:
    if not members or members[1] is Any:
        return registry.make("dict", name, **more)
    return registry.make("dict", name, values=from_annotation(members[1], ""), **more)


def _said(sayings: list[Any]) -> dict[str, Any]:
    """The arguments that what stands in Annotated says; what is not ours is ignored."""
    said: dict[str, Any] = {}
    for saying in sayings:
        if isinstance(saying, str):
            said["description"] = saying
        elif isinstance(saying, _MORE):
            members = {field.name: getattr(saying, field.name) for field in fields(saying)}
            said |= {key: member for key, member in members.items() if member is not None}
    return said


def _renamed(parameter: Parameter, name: str, default: Any) -> Parameter:
    from collections_app.jobs.parameters.containers import replace_name

    named = replace_name(parameter, name)
    if default is not MISSING:
        object.__setattr__(named, "default", default)
        object.__setattr__(named, "required", False)
    return named
