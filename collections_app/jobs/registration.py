"""The processes of a site: REGISTERED_JOBS, in the shape that users of ncdjango have.

    REGISTERED_JOBS = {
        "some_job": {"type": "task", "task": "pkg.tasks.SomeTask", "publish_raster_results": True},
        "flow": {"type": "workflow", "path": "/site/flow.json"},
    }

It stands in a module that COAPTURE_REGISTERED_JOBS names, or in the site's own Django settings;
NC_REGISTERED_JOBS is the same by its former name. An entry that is wrong is left out and told of
by `manage.py check` (checks.py); the others are served.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from collections_app.jobs import processes
from collections_app.jobs.processes import Process, as_process

NAMES = ("REGISTERED_JOBS", "NC_REGISTERED_JOBS")
_COMMON = frozenset({"type", "publish_raster_results", "results_renderer"})
_PLAIN = (str, bytes, int, float, list, tuple, set)

log = logging.getLogger("coapture.jobs")


@dataclass(frozen=True, slots=True)
class Registration:
    """One entry: the process, and how its raster results are published.

    `results_renderer` is a renderer or its description, or a function that gives one for a raster.
    """

    process: Process
    publish_raster_results: bool = False
    results_renderer: object = None


class RegistrationError(Exception):
    """Why an entry, or a source of entries, cannot be used: one sentence."""


_registrations: dict[str, Registration] = {}
_faults: list[str] = []


def find(process_id: str) -> Registration | None:
    """The registration of a process that the site has added."""
    return _registrations.get(process_id)


def faults() -> tuple[str, ...]:
    """What is wrong with the entries, a sentence for each that was left out."""
    return tuple(_faults)


def load() -> None:
    """Register the processes of the settings, in place of those that were loaded before."""
    for process_id in _registrations:
        processes.forget(process_id)
    _registrations.clear()
    _faults.clear()
    found = [
        (f"{where}[{name!r}]", name, entry)
        for where, entries in _sources()
        for name, entry in entries.items()
    ]
    # A workflow may run the site's own tasks, wherever they stand.
    for where, name, entry in sorted(found, key=lambda each: _is_workflow(each[2])):
        with _Noting(where):
            made = _registration(name, entry)
            processes.register(made.process)
            _registrations[name] = made
    for fault in _faults:
        log.error("%s", fault)


class _Noting:
    """Notes the sentence of a RegistrationError or ValueError of the block, and goes on."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, RegistrationError | ValueError):
            return False
        _faults.append(f"{self._where}: {error}")
        return True


def _sources() -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Every mapping of entries, and where it stands."""
    for name in NAMES:
        yield from _checked(name, getattr(settings, name, None))
    for module_name in settings.COAPTURE_REGISTERED_JOBS:
        with _Noting("COAPTURE_REGISTERED_JOBS"):
            module = _imported(module_name)
            found = [name for name in NAMES if hasattr(module, name)]
            if not found:
                raise RegistrationError(f"The module {module_name} has no REGISTERED_JOBS.")
            for name in found:
                yield from _checked(f"{module_name}.{name}", getattr(module, name))


def _checked(where: str, entries: object) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    if entries is None:
        return
    if isinstance(entries, Mapping):
        yield where, entries
    else:
        _faults.append(f"{where}: It must be a dictionary of jobs by name.")


def _imported(module_name: str) -> Any:
    return _guarded(f"The module {module_name} cannot be imported", import_module, module_name)


def _guarded(complaint: str, function: Callable[..., Any], *args: Any) -> Any:
    """What the function gives; whatever a site's own code raises becomes one sentence."""
    try:
        return function(*args)
    except (Exception, SystemExit) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RegistrationError(f"{complaint}: {reason.removesuffix('.')}.") from error


def _registration(name: object, entry: object) -> Registration:
    if not isinstance(name, str):
        raise RegistrationError("The name of a job must be text.")
    if not isinstance(entry, Mapping):
        raise RegistrationError("It must be a dictionary with a type.")
    makers = {"task": _task, "workflow": _workflow}
    kind = entry.get("type")
    if kind not in makers:
        raise RegistrationError(f"Its type must be task or workflow, not {kind!r}.")
    known = _COMMON | {"task" if kind == "task" else "path"}
    if unknown := sorted(map(str, entry.keys() - known)):
        raise RegistrationError(f"The key {unknown[0]!r} is not known.")
    return Registration(makers[kind](name, entry), *_publishing(entry))


def _is_workflow(entry: object) -> bool:
    return isinstance(entry, Mapping) and entry.get("type") == "workflow"


def _publishing(entry: Mapping[str, Any]) -> tuple[bool, object]:
    publish = entry.get("publish_raster_results", False)
    if not isinstance(publish, bool):
        raise RegistrationError("publish_raster_results must be True or False.")
    renderer = entry.get("results_renderer")
    if isinstance(renderer, _PLAIN):
        raise RegistrationError(
            "results_renderer must be a renderer, or a function that gives one."
        )
    return publish, renderer


def _task(name: str, entry: Mapping[str, Any]) -> Process:
    task = entry.get("task")
    if task is None:
        raise RegistrationError("It names no task.")
    if isinstance(task, str):
        task = _guarded(f"The task {task} cannot be imported", import_string, task)
    process: Process = _guarded("The task cannot be a process", as_process, task, name)
    return process


def _workflow(name: str, entry: Mapping[str, Any]) -> Process:
    path = entry.get("path")
    if not isinstance(path, str | Path):
        raise RegistrationError("It names no path of a workflow.")
    from collections_app.jobs import workflows

    workflow = _guarded(f"The workflow {path} cannot be used", workflows.load, Path(path))
    return as_process(workflow, name)
