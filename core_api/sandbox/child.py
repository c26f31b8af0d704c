"""A sandboxed process: `python -m core_api.sandbox.child SOCKET PARENT`. It knows no Django app."""

import importlib
import math
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from core_api.sandbox.messages import (
    NoMemory,
    Raised,
    Reply,
    Request,
    Returned,
    declared,
    packed,
    receive_request,
    send,
    unpacked,
)
from core_api.serving.processes import end_with_parent

# Characters of an error's message; what decoders say may be long.
MESSAGE = 500


def main() -> None:
    """Answer requests until the parent ends."""
    end_with_parent(int(sys.argv[2]), signal.SIGKILL)
    # A function writes no file, and a crash leaves no picture behind in a core dump.
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        try:
            while True:
                send(connection, _answer(receive_request(connection)))
        except (EOFError, ConnectionError):
            return


def _answer(request: Request) -> Reply:
    try:
        function = getattr(importlib.import_module(request.module), request.function)
        arguments = [unpacked(item, request.module) for item in request.arguments]
        with _limited(request):
            return Returned(packed(function(*arguments)))
    except MemoryError:
        return NoMemory()
    except Exception as error:  # noqa: BLE001 - it is the caller's
        name = type(error).__name__
        is_declared = declared(request.module, name) is type(error)
        return Raised(name, str(error)[:MESSAGE], is_declared)


@contextmanager
def _limited(request: Request) -> Iterator[None]:
    """So much more processor time, in whole seconds, and so much memory in all.

    The kernel ends the process at the one limit; at the other its allocations fail.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(usage.ru_utime + usage.ru_stime + request.cpu)
    limits = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_DATA: request.memory}
    for kind, value in limits.items():
        _limit(kind, value)
    try:
        yield
    finally:
        for kind in limits:
            _limit(kind, None)


def _limit(kind: int, value: int | None) -> None:
    """Set a limit that can be taken back, to the parent's own where it is lower or none is."""
    _, hard = resource.getrlimit(kind)
    if value is None or (hard != resource.RLIM_INFINITY and hard < value):
        value = hard
    resource.setrlimit(kind, (value, hard))


if __name__ == "__main__":
    main()
