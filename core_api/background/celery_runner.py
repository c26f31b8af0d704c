"""The Runner of a process in which Celery's tasks run, and what it does beside them.

`coapture worker` starts it, with Celery's consumer (celery_engine.working). Under `celery worker`
each process of a prefork pool has one, with one slot; other pools share one in the worker itself.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from celery import signals
from celery.concurrency import get_implementation
from celery.concurrency.prefork import TaskPool as Prefork
from django.conf import settings
from django.db import connections

from core_api.background import periodic, worker
from core_api.background.runner import Runner

SWEEP = "core_api.background.celery_sweep.sweep"

_current: Runner | None = None


def current() -> Runner:
    """The Runner of this process; LookupError where none was started."""
    if _current is None:
        raise LookupError("No jobs are run here.")
    return _current


@contextmanager
def running(slots: int, functions: Mapping[str, float]) -> Iterator[Runner]:
    """A Runner for Celery's tasks, and a thread that calls the functions every so many seconds."""
    global _current
    stop = threading.Event()
    every = {SWEEP: settings.COAPTURE_JOBS_SWEEP, **functions}
    thread = threading.Thread(target=_call, args=(stop, every), name="sweep", daemon=True)
    with Runner(claims_all=False, slots=slots) as runner:
        _current = runner
        thread.start()
        try:
            yield runner
        finally:
            stop.set()
    _current = None


def _call(stop: threading.Event, every: Mapping[str, float]) -> None:
    """What a thread does: call the functions, and leave no connection to the database."""
    try:
        worker.run(stop, every)
    finally:
        connections.close_all()


class _Standing:
    """What runs from one of Celery's signals to another."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def begin(self, slots: int) -> None:
        every = {one.function: one.every.total_seconds() for one in periodic.local()}
        self._stack.enter_context(running(slots, every))

    def end(self) -> None:
        self._stack.close()


_standing = _Standing()


def _begin_in_pool(**_: Any) -> None:
    """In a new process of a prefork pool."""
    _standing.begin(1)


def _begin_in_worker(sender: Any, **_: Any) -> None:
    """In a worker whose tasks run in itself, unless `coapture worker` has made it."""
    if _current is None and not issubclass(get_implementation(sender.pool_cls), Prefork):
        _standing.begin(sender.concurrency)


def _end(**_: Any) -> None:
    _standing.end()


signals.worker_process_init.connect(_begin_in_pool)
signals.worker_init.connect(_begin_in_worker)
signals.worker_process_shutdown.connect(_end)
signals.worker_shutdown.connect(_end)
