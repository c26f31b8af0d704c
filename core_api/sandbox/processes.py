"""One sandboxed child, as its parent sees it."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

from django.conf import settings

from core_api.sandbox.errors import Crashed, Exhausted
from core_api.sandbox.messages import (
    NoMemory,
    Raised,
    Request,
    Returned,
    declared,
    receive_reply,
    send,
    unpacked,
)

# What of the environment a child gets: no secret is among it.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
# Calls after which a child makes room for a fresh one: decoders leak.
CALLS = 500
# The seconds of the wall for one of the processor, and at least: others compute, too.
WALL_FACTOR, WALL_LEAST = 20.0, 30.0


class Child:
    """One process; it dies with the thread that has started it, on Linux."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._calls = 0
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                (
                    *(sys.executable, "-P", "-m", "core_api.sandbox.child"),
                    *(str(theirs.fileno()), str(os.getpid())),
                ),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                # Decoders have much to say about hostile files, and all of it comes from those.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )

    @property
    def spent(self) -> bool:
        """Whether it has ended, or has done enough."""
        return self._calls >= CALLS or self._process.poll() is not None

    def call(self, request: Request) -> Any:
        """What the function returns, or raises and declares.

        Crashed where it does neither: the child is ended then.
        """
        self._calls += 1
        until = time.monotonic() + max(WALL_LEAST, WALL_FACTOR * request.cpu)
        try:
            self._socket.settimeout(until - time.monotonic())
            send(self._socket, request)
            reply = receive_reply(self._socket, until, request.memory)
            value = unpacked(reply.item, request.module) if isinstance(reply, Returned) else reply
        except TimeoutError:
            self.kill()
            raise Exhausted("it took too long") from None
        except (EOFError, OSError):
            raise self._ended(request) from None
        except ValueError as error:
            self.kill()
            raise Crashed(f"it said what cannot be read: {error}") from None
        except BaseException:
            self.kill()
            raise
        return self._value(value, request)

    def _value(self, value: Any, request: Request) -> Any:
        match value:
            case NoMemory():
                self.kill()
                raise Exhausted("it needs too much memory")
            case Raised(name, message, is_declared):
                error = declared(request.module, name) if is_declared else None
                raise Crashed(f"{name}: {message}") if error is None else error(message)
        return value

    def _ended(self, request: Request) -> Crashed:
        """Why it has ended by itself."""
        with suppress(subprocess.TimeoutExpired):
            # It lets go of its socket just before it has a status.
            self._process.wait(1)
        status = self.kill()
        if status == -signal.SIGXCPU:
            return Exhausted(f"it took more than {request.cpu:g} s of processor time")
        if status < 0:
            return Crashed(f"its process was ended by {signal.Signals(-status).name}")
        return Crashed(f"its process ended with status {status}")

    def kill(self) -> int:
        """End it now; its exit status, its own where it has ended before."""
        self._socket.close()
        self._process.kill()
        return self._process.wait()


def _environment() -> dict[str, str]:
    former = os.environ.get("PYTHONPATH")
    paths = [str(settings.BASE_DIR), *([former] if former else [])]
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        # A child is one of several on this machine's processors.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
