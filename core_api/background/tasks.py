"""The registry of tasks: what a job can run, by name, and under which rules."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Json = Any


class Cancelled(Exception):
    """Raised inside a task by `Run.check` when the job was dismissed: let it pass."""


class TaskError(Exception):
    """What a task raises to tell the client why it failed: the problem's detail, and its type."""

    def __init__(self, detail: str, *, type_: str = "about:blank") -> None:
        super().__init__(detail)
        self.detail = detail
        self.type = type_


class Run(Protocol):
    """One attempt at a job, as the task sees it, in a process of its own."""

    job_id: str
    attempt: int
    inputs: Mapping[str, Json]
    options: Mapping[str, Json]

    def progress(self, percent: float, message: str = "", details: Json = None) -> None:
        """Say how far it is; as often as one likes, clients see at most two a second.

        An empty message and details that are None leave the former ones.
        """

    @property
    def cancelled(self) -> bool:
        """Whether the job was dismissed; a task that goes on is killed soon after."""

    def check(self) -> None:
        """Raise Cancelled when the job was dismissed."""

    @property
    def folder(self) -> Path:
        """An empty folder for this attempt's files, removed when the attempt ends."""

    def keep(self, name: str, file: Path, media_type: str) -> Mapping[str, Json]:
        """Keep a file of `folder` as a result; gives its link (href, type), for the outputs.

        It lies in STORAGES["results"] under a name of this attempt: another attempt, or a worker
        that lost its lease, overwrites nothing.
        """

    def open(self, href: str) -> Path:
        """The file behind a result link of another job, to be read; LookupError where none is."""


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed attempt is made again: `attempts` in all, for errors of these classes.

    The n-th pause is `delay * factor ** (n - 1)` seconds, at most `longest`, with a tenth of chance
    in it so that many failures do not come back together.
    """

    attempts: int = 1
    errors: tuple[type[BaseException], ...] = (OSError,)
    delay: float = 1.0
    factor: float = 2.0
    longest: float = 300.0


@dataclass(frozen=True, slots=True)
class Task:
    """A function that jobs run in a process of their own.

    What it returns becomes the job's `outputs` and must be a JSON object. `time_limit` in seconds;
    `resource` names the class whose limit (COAPTURE_JOBS_LIMITS) counts it.
    """

    name: str
    run: Callable[[Run], Mapping[str, Json] | None]
    retry: Retry = field(default_factory=Retry)
    time_limit: float = 3600.0
    resource: str = "cpu"
    is_process: bool = False


@dataclass(frozen=True, slots=True)
class Periodic:
    """A function without arguments that is due every so many seconds, by its dotted name.

    A `local` one concerns the files of the machine: every worker calls it. The others become jobs
    (Schedule), each run by one worker.
    """

    function: str
    every: dt.timedelta
    local: bool = False


_tasks: dict[str, Task] = {}


def register(task: Task) -> Task:
    """Make a task known, in this process; ValueError where the name is taken by another."""
    if _tasks.setdefault(task.name, task) is not task:
        raise ValueError(f"There are two tasks {task.name!r}.")
    return task


def forget(name: str) -> None:
    """Take a task out of the registry."""
    _tasks.pop(name, None)


def find(name: str) -> Task | None:
    """The task of this name."""
    return _tasks.get(name)


def everything() -> Iterator[Task]:
    """Every task, in the order of their registration."""
    yield from list(_tasks.values())
