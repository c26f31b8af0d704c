"""One process: a function over named values, as Python and as a job calls it."""

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from collections_app.jobs.parameters.base import MISSING, Parameter, ParameterError
from core_api.background.tasks import Json, Retry, Run, Task, TaskError

VERSION = "1.0.0"
TIME_LIMIT = 3600.0
CPU = "cpu"
Convert = Callable[[Any, Run], Any]
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~-]{0,99}")


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
        for parameter in self.inputs:
            _check_default(parameter)

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
                # A function may change what it is given; the next job gets what was declared.
                arguments[parameter.name] = copy.deepcopy(parameter.default)
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


def _check_default(parameter: Parameter) -> None:
    """ValueError where clients cannot be told the default."""
    try:
        parameter.schema()
    except ParameterError as error:
        raise ValueError(f"The default of {parameter.name!r} {error}.") from error


def _told(
    kind: str, parameter: Parameter, convert: Convert, values: Mapping[str, Any], run: Run
) -> Any:
    """The value converted; what is wrong with it is for the client to know."""
    try:
        return convert(values[parameter.name], run)
    except ParameterError as error:
        where = f"{parameter.name}{error.pointer}"
        raise TaskError(f"The {kind} {where} {error.detail}.") from error
