"""The registry of parameter types by name, and of the schemes of references to values."""

from collections.abc import Callable, Mapping
from typing import Any

from collections_app.jobs.parameters.base import Parameter, ParameterError
from core_api.background.tasks import Run

Resolver = Callable[[str, Run | None], Any]
Checker = Callable[[str], None]

_types: dict[str, type[Parameter]] = {}
_classes: dict[str, str] = {}
_schemes: dict[str, tuple[Resolver, Checker | None]] = {}


def register(
    type_name: str, parameter_class: type[Parameter], *, classes: tuple[str, ...] = ()
) -> None:
    """Make a type of parameters known; ValueError where the name is taken by another class.

    `classes` are the dotted names of the Python classes whose values it writes, and whose
    annotations ask for it: names, for what is expensive to import is imported by those who use it.
    """
    if _types.setdefault(type_name, parameter_class) is not parameter_class:
        raise ValueError(f"There are two types of parameters {type_name!r}.")
    _classes.update(dict.fromkeys(classes, type_name))


def make(type_name: str, name: str, *args: Any, **arguments: Any) -> Parameter:
    """A parameter of this type; LookupError where there is none.

    A list takes its `param_type` as a parameter, a type's name, `{"type": ..., ...}` with its
    arguments, or `[type, [args, kwargs]]`. TypeError or ValueError for arguments that are none.
    """
    found = _types.get(type_name)
    if found is None:
        raise LookupError(f"There is no parameter type {type_name!r}.")
    return found(*args, **arguments | {"name": name})


def types() -> Mapping[str, type[Parameter]]:
    """Every type by name, the aliases too."""
    return dict(_types)


def for_class(class_: type, name: str, **arguments: Any) -> Parameter | None:
    """The parameter that takes the values of a class, or of one of its bases; None where none."""
    for base in class_.__mro__:
        if type_name := _classes.get(f"{base.__module__}.{base.__qualname__}"):
            return make(type_name, name, **arguments)
    return None


def for_value(value: object, name: str) -> Parameter | None:
    """The parameter that writes such a value; None where there is none."""
    return for_class(type(value), name)


def as_parameter(thing: Any) -> Parameter:
    """The parameter that a nested specification stands for (see `make`)."""
    match thing:
        case Parameter():
            return thing
        case str():
            return make(thing, "")
        case {"type": str(type_name), **others}:
            arguments = {str(key): value for key, value in others.items()}
            return make(type_name, str(arguments.pop("name", "")), **arguments)
        case [str(type_name), [list(args), dict(kwargs)]]:
            return make_positional(type_name, "", args, kwargs)
    raise TypeError(f"{thing!r} is no parameter.")


def make_positional(
    type_name: str, name: str, args: list[Any], kwargs: Mapping[str, Any]
) -> Parameter:
    """A parameter from positional arguments, of which the name may be one.

    `args` are those of the class: for a list its `param_type`, then the name, which gives way to
    `name`, then whether it is required.
    """
    found = _types.get(type_name)
    leading = 1 if found is not None and type_name in ("list", "multiple") else 0
    own, rest = args[:leading], args[leading:]
    required = {"required": rest[1]} if len(rest) > 1 else {}
    inner = str(rest[0]) if rest else ""
    return make(type_name, name or inner, *own, **required, **kwargs)


def register_scheme(scheme: str, resolve: Resolver, check: Checker | None = None) -> None:
    """Take references such as `service://name`: `resolve` gives the Python value in the job.

    `check` raises ParameterError for a reference that can be none, without loading anything.
    """
    _schemes[scheme] = (resolve, check)


def forget_scheme(scheme: str) -> None:
    """Take references of this scheme no longer."""
    _schemes.pop(scheme, None)


def check_reference(reference: str) -> None:
    """ParameterError where no scheme takes the reference."""
    _, check = _scheme(reference)
    if check is not None:
        check(reference)


def resolve(reference: str, run: Run | None) -> Any:
    """The Python value that a reference stands for; ParameterError where there is none."""
    found, _ = _scheme(reference)
    return found(reference, run)


def _scheme(reference: str) -> tuple[Resolver, Checker | None]:
    scheme = reference.partition("://")[0]
    if scheme not in _schemes:
        known = ", ".join(f"{name}://" for name in sorted(_schemes)) or "none"
        raise ParameterError(f"has a scheme that is not known here (known are: {known})")
    return _schemes[scheme]
