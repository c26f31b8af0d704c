"""Processes: what clients may run, with typed inputs and outputs.

A process is declared on a typed function or a class (`process`, `ProcessTask`), and offered to
clients once it is registered (`register`): the engine then has a task of its name.
"""

import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from collections_app.jobs import parameters
from collections_app.jobs.parameters.base import MISSING, Parameter, ParameterError
from core_api.background import tasks
from core_api.background.tasks import Json, Retry, Run, Task, TaskError

RESULT = "result"
VERSION = "1.0.0"
TIME_LIMIT = 3600.0
CPU = "cpu"
Convert = Callable[[Any, Run], Any]
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~-]{0,99}")
_NAMED_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Process:
    """A function over named values, and what clients are told of it.

    `function` takes the inputs as keyword arguments, and the run as `run_argument` where that is
    not empty. It gives the value of the only output, or a mapping of several by name.
    `time_limit` in seconds; `resource` names the class whose limit counts its jobs.
    """

    id: str
    title: str
    function: Callable[..., Any]
    description: str = ""
    version: str = VERSION
    keywords: tuple[str, ...] = ()
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Parameter, ...] = ()
    retry: Retry = field(default_factory=Retry)
    time_limit: float = TIME_LIMIT
    resource: str = CPU
    run_argument: str = ""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"{self.id!r} cannot be the id of a process: letters, digits, _.~-")
        for kind, parameters_ in (("input", self.inputs), ("output", self.outputs)):
            names = [parameter.name for parameter in parameters_]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{self.id} has the {kind} {twice[0]!r} twice.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, as Python does."""
        return self.function(*args, **kwargs)

    def call(self, values: Mapping[str, Any], run: Run | None = None) -> dict[str, Any]:
        """The outputs by name, for inputs by name: Python values, both.

        TypeError for inputs that are missing or not known, and where the function gives what is
        not its outputs.
        """
        arguments = self._arguments(values)
        if self.run_argument:
            arguments[self.run_argument] = run
        return self._named(self.function(**arguments))

    def run(self, run: Run) -> dict[str, Json]:
        """What a job does: read the inputs, call, write the outputs.

        TaskError where an input cannot be read (a link that leads nowhere) or an output not be
        written.
        """
        values = {
            parameter.name: _told("input", parameter, parameter.parse, run.inputs, run)
            for parameter in self.inputs
            if parameter.name in run.inputs
        }
        run.check()
        results = self.call(values, run)
        run.check()
        return {
            parameter.name: _told("output", parameter, parameter.dump, results, run)
            for parameter in self.outputs
            if parameter.name in results
        }

    def task(self) -> Task:
        """The engine's side of the process."""
        return Task(
            name=self.id,
            run=self.run,
            retry=self.retry,
            time_limit=self.time_limit,
            resource=self.resource,
            is_process=True,
        )

    def _arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        names = {parameter.name for parameter in self.inputs}
        if unknown := sorted(values.keys() - names):
            raise TypeError(f"{self.id} has no input {unknown[0]!r}.")
        arguments = dict(values)
        for parameter in self.inputs:
            if parameter.name in arguments:
                continue
            if parameter.default is not MISSING:
                arguments[parameter.name] = parameter.default
            elif parameter.required:
                raise TypeError(f"{self.id} needs the input {parameter.name!r}.")
        return arguments

    def _named(self, result: Any) -> dict[str, Any]:
        names = [parameter.name for parameter in self.outputs]
        if len(names) == 1:
            return {names[0]: result}
        if not names:
            return {}
        if not isinstance(result, Mapping) or set(result) - set(names):
            raise TypeError(f"{self.id} must give a mapping of its outputs {', '.join(names)}.")
        return dict(result)


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


def _told(
    kind: str, parameter: Parameter, convert: Convert, values: Mapping[str, Any], run: Run
) -> Any:
    """The value converted; what is wrong with it is for the client to know."""
    try:
        return convert(values[parameter.name], run)
    except ParameterError as error:
        where = f"{parameter.name}{error.pointer}"
        raise TaskError(f"The {kind} {where} {error.detail}.") from error


def _of_class(class_: type, id: str) -> Process:  # noqa: A002
    for name in ("inputs", "outputs", "execute"):
        if not hasattr(class_, name):
            raise TypeError(f"The class {class_.__qualname__} has no {name}.")
    task: Any = class_()
    first, rest = _docstring(class_)
    name = id or getattr(task, "name", "") or class_.__name__
    hints = typing.get_type_hints(class_.execute, include_extras=True)  # type: ignore[attr-defined]
    return Process(
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
