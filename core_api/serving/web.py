"""The HTTP door: granian with the WSGI application in its worker processes."""

import os
import signal
from functools import partial

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import get_resolver
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from core_api import turns
from core_api.ending import begin_with_signal
from core_api.serving.addresses import Address
from core_api.serving.in_turn import InTurn
from core_api.serving.processes import collect_less, end_with_parent
from core_api.serving.stalls import Watched

STOP_WITHIN = 2
HEADER_BYTES = 64 * 1024
# Its lines go to our own log.
LOGGING = {"handlers": {}, "loggers": {"_granian": {"propagate": True}}}


def serve(address: Address) -> None:
    """Serve HTTP until SIGTERM or SIGINT; requests that are being answered are finished."""
    server = Granian(
        "core_api.wsgi:application",
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=settings.COAPTURE_WEB_WORKERS,
        blocking_threads=settings.COAPTURE_WEB_THREADS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=HEADER_BYTES),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
    )
    # Imported before the workers are forked: they start at once and share the memory.
    _application()
    os.register_at_fork(after_in_child=_forget_handlers)
    loader = partial(_in_worker, os.getpid(), address.port)
    server.serve(target_loader=loader, wrap_loader=False)


def _forget_handlers() -> None:
    """Until granian sets its own handlers a worker would take the master's, which stop nothing."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _in_worker(master: int, port: int) -> Watched:
    """The application, in a new worker process, which is to end with granian's master."""
    end_with_parent(master, signal.SIGKILL)
    turns.limit(settings.COAPTURE_WEB_TURNS)
    collect_less()
    begin_with_signal()
    return Watched(InTurn(_application()), port, settings.COAPTURE_WEB_STALL)


def _application() -> WSGIHandler:
    from core_api.wsgi import application

    get_resolver().url_patterns  # noqa: B018
    return application
