"""The worker's loop: it calls what is due, and no failure of one function ends it."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from django.db import close_old_connections
from django.utils.module_loading import import_string

# Seconds between two looks at whether the engine lives.
LOOK_EVERY = 1.0

logger = logging.getLogger("coapture.worker")


class EngineFell(Exception):
    """The engine has ended by itself; its log says why."""


class Stopping(Protocol):
    """What ends the loop: Stop, or a threading.Event."""

    def wait(self, seconds: float, /) -> bool:
        """Whether it has come within so many seconds."""


def run(
    stop: Stopping, periodic: Mapping[str, float], lives: Callable[[], bool] = lambda: True
) -> None:
    """Call each function (by its dotted name) now and then every so many seconds, until `stop`.

    EngineFell as soon as the engine does not live any more.
    """
    functions = {name: import_string(name) for name in periodic}
    due = dict.fromkeys(periodic, time.monotonic())
    while not stop.wait(_patience(due.values())):
        if not lives():
            raise EngineFell("The engine has ended by itself.")
        name = min(due, key=due.__getitem__, default=None)
        if name is not None and due[name] <= time.monotonic():
            _guarded(name, functions[name])
            due[name] = time.monotonic() + periodic[name]


def _patience(due: Iterable[float]) -> float:
    soonest = min(due, default=math.inf)
    return max(0.0, min(LOOK_EVERY, soonest - time.monotonic()))


def _guarded(name: str, function: Callable[[], object]) -> None:
    close_old_connections()
    try:
        function()
    except Exception:
        logger.exception("%s failed", name)
    finally:
        close_old_connections()
