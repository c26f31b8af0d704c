"""The worker's loop: it runs what is due, and no failure of one function ends it."""

import logging
import time
from collections.abc import Callable, Mapping

from django.db import close_old_connections
from django.utils.module_loading import import_string

from core_api.serving.processes import Stop

logger = logging.getLogger("coapture.worker")


def run(stop: Stop, periodic: Mapping[str, float]) -> None:
    """Call each function (by its dotted name) now and then every so many seconds, until `stop`."""
    functions = {name: import_string(name) for name in periodic}
    due = dict.fromkeys(periodic, time.monotonic())
    while not stop.wait(max(0.0, min(due.values()) - time.monotonic())):
        name = min(due, key=due.__getitem__)
        _guarded(name, functions[name])
        due[name] = time.monotonic() + periodic[name]


def _guarded(name: str, function: Callable[[], object]) -> None:
    close_old_connections()
    try:
        function()
    except Exception:
        logger.exception("%s failed", name)
    finally:
        close_old_connections()
