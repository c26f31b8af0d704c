"""Processes: what clients may run, with typed inputs and outputs.

A process is declared on a typed function or a class (`process`, `ProcessTask`), and offered to
clients once it is registered (`register`): the engine then has a task of its name.
"""

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from collections_app.jobs import parameters
from collections_app.jobs.parameters.base import MISSING, Parameter
from collections_app.jobs.process import CPU, TIME_LIMIT, VERSION, Process
from core_api.background import tasks
from core_api.background.tasks import Retry, Run

__all__ = [
    "Process",
    "ProcessTask",
    "as_process",
    "everything",
    "find",
    "forget",
    "process",
    "register",
]

RESULT = "result"
_NAMED_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class ProcessTask:
    """A process as a class: `inputs`, `outputs` and `execute` are what it needs.

    An argument of `execute` that is annotated with Run gets the run.
    """

    name: str = ""
    title: str = ""
    description: str = ""
    version: str = VERSION
    keywords: Sequence[str] = ()
    inputs: Sequence[Parameter] = ()
    outputs: Sequence[Parameter] = ()
    retry: Retry = Retry()
    time_limit: float = TIME_LIMIT
    resource: str = CPU

    def execute(self, **inputs: Any) -> Any:
        """The value of the only output, or a mapping of several by name."""
        raise NotImplementedError


def process(
    id: str = "",  # noqa: A002
    *,
    title: str = "",
    description: str = "",
    version: str = VERSION,
    keywords: Sequence[str] = (),
    outputs: Sequence[Parameter] | None = None,
    retry: Retry | None = None,
    time_limit: float = TIME_LIMIT,
    resource: str = CPU,
) -> Callable[[Callable[..., Any]], Process]:
    """Make a process of the typed function below, by its annotations.

    What is not said is taken from the function: its name, the first line of its docstring as the
    title and the rest as the description. Several outputs are a TypedDict as the return
    annotation, or `outputs`; the only one is called "result". ValueError where an argument cannot
    be an input.
    """

    def decorate(function: Callable[..., Any]) -> Process:
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise ValueError(f"The function {function.__name__} is asynchronous.")
        first, rest = _docstring(function)
        hints = typing.get_type_hints(function, include_extras=True)
        return Process(
            id=id or function.__name__,
            title=title or first or id or function.__name__,
            function=function,
            description=description or rest,
            version=version,
            keywords=tuple(keywords),
            inputs=_inputs(function, hints),
            outputs=_outputs(hints) if outputs is None else tuple(outputs),
            retry=retry or Retry(),
            time_limit=time_limit,
            resource=resource,
            run_argument=_run_argument(hints),
        )

    return decorate


def as_process(thing: object, id: str = "") -> Process:  # noqa: A002
    """The process that an object stands for: a Process, a class with `execute`, or a function.

    `id` takes the place of its own. TypeError where it is none of these, ValueError where it
    cannot be a process.
    """
    if isinstance(thing, Process):
        return replace(thing, id=id or thing.id)
    if isinstance(thing, type):
        return _of_class(thing, id)
    if inspect.isfunction(thing):
        return process(id)(thing)
    raise TypeError("It is neither a class with inputs, outputs and execute, nor a function.")


_processes: dict[str, Process] = {}


def register(process: Process) -> Process:
    """Offer the process to clients; ValueError where the name is taken."""
    tasks.register(process.task())
    _processes[process.id] = process
    return process


def forget(process_id: str) -> None:
    """Offer the process no longer."""
    if _processes.pop(process_id, None) is not None:
        tasks.forget(process_id)


def find(process_id: str) -> Process | None:
    """The process of this id."""
    return _processes.get(process_id)


def everything() -> Iterator[Process]:
    """Every process, by id."""
    yield from (_processes[process_id] for process_id in sorted(_processes))


def _of_class(class_: type, id: str) -> Process:  # noqa: A002
    for name in ("inputs", "outputs", "execute"):
        if not hasattr(class_, name):
            raise TypeError(f"The class {class_.__qualname__} has no {name}.")
    task: Any = class_()
    first, rest = _docstring(class_)
    name = id or getattr(task, "name", "") or class_.__name__
    hints = typing.get_type_hints(class_.execute, include_extras=True)  # type: ignore[attr-defined]
    made = Process(
        id=name,
        title=getattr(task, "title", "") or first or name,
        function=lambda **inputs: class_().execute(**inputs),
        description=getattr(task, "description", "") or rest,
        version=getattr(task, "version", VERSION),
        keywords=tuple(getattr(task, "keywords", ())),
        inputs=tuple(task.inputs),
        outputs=tuple(task.outputs),
        retry=getattr(task, "retry", Retry()),
        time_limit=getattr(task, "time_limit", TIME_LIMIT),
        resource=getattr(task, "resource", CPU),
        run_argument=_run_argument(hints),
    )
    _check_arguments(task.execute, made)
    return made


def _check_arguments(execute: Callable[..., Any], made: Process) -> None:
    """TypeError unless it takes all the inputs, and those alone that are always there."""
    run = [made.run_argument] if made.run_argument else []
    always = [each.name for each in made.inputs if each.required or each.default is not MISSING]
    for names in ([each.name for each in made.inputs], always):
        try:
            inspect.signature(execute).bind(**dict.fromkeys(names + run))
        except TypeError as error:
            raise TypeError(f"The execute of {made.id} does not fit its inputs: {error}.") from None


def _docstring(thing: object) -> tuple[str, str]:
    """The first line, without its full stop, and what follows."""
    first, _, rest = (inspect.cleandoc(thing.__doc__) if thing.__doc__ else "").partition("\n")
    return first.removesuffix("."), rest.strip()


def _inputs(function: Callable[..., Any], hints: Mapping[str, Any]) -> tuple[Parameter, ...]:
    found = []
    for name, argument in inspect.signature(function).parameters.items():
        if _is_run(hints.get(name)):
            continue
        if argument.kind not in _NAMED_KINDS:
            raise ValueError(f"The argument {name!r} cannot be given by name.")
        default = MISSING if argument.default is inspect.Parameter.empty else argument.default
        found.append(parameters.from_annotation(hints.get(name, Any), name, default))
    return tuple(found)


def _outputs(hints: Mapping[str, Any]) -> tuple[Parameter, ...]:
    annotation = hints.get("return", Any)
    if annotation is type(None):
        return ()
    if typing.is_typeddict(annotation):
        members = typing.get_type_hints(annotation, include_extras=True)
        return tuple(parameters.from_annotation(kind, name) for name, kind in members.items())
    return (parameters.from_annotation(annotation, RESULT),)


def _run_argument(hints: Mapping[str, Any]) -> str:
    return next((name for name, hint in hints.items() if _is_run(hint) and name != "return"), "")


def _is_run(hint: object) -> bool:
    return hint is Run or Run in typing.get_args(hint)
