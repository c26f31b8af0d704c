"""What is done again and again: functions by their dotted names, and how often."""

import datetime as dt
from collections.abc import Iterator
from functools import partial

from django.utils.module_loading import import_string

from core_api.background import tasks
from core_api.background.tasks import Periodic, Run, Task

PLATFORM = (
    Periodic("core_api.changes.prune", dt.timedelta(seconds=60)),
    Periodic("core_api.storage.deletion.sweep", dt.timedelta(seconds=60)),
    Periodic("core_api.storage.deletion.sweep_orphans", dt.timedelta(days=1)),
    Periodic("core_api.uploads.services.sweep", dt.timedelta(seconds=60), local=True),
    Periodic("core_api.background.cleanup.remove_old", dt.timedelta(minutes=10)),
    Periodic("core_api.background.cleanup.remove_leftovers", dt.timedelta(hours=1)),
)

_periodic: dict[str, Periodic] = {}


def register(periodic: Periodic) -> None:
    """Make it known, in this process; one that is not local becomes a task of its name."""
    _periodic[periodic.function] = periodic
    if not periodic.local:
        tasks.register(Task(periodic.function, partial(_call, periodic.function)))


def forget(function: str) -> None:
    """Take it out of the registry, and its task."""
    _periodic.pop(function, None)
    tasks.forget(function)


def is_periodic(task_name: str) -> bool:
    """Whether the task is one that runs periodically: nobody asks for its outputs."""
    return task_name in _periodic


def local() -> Iterator[Periodic]:
    """Those that every worker calls."""
    yield from [periodic for periodic in _periodic.values() if periodic.local]


def scheduled() -> Iterator[Periodic]:
    """Those that become jobs."""
    yield from [periodic for periodic in _periodic.values() if not periodic.local]


def _call(function: str, run: Run) -> None:  # noqa: ARG001
    import_string(function)()
