"""The child processes of a worker, as the worker sees them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection

from core_api.background.messages import FROM_CHILD, Channel, FromChild
from core_api.serving.processes import PARENT

# Seconds in which a child takes a message; one that does not is stopped or stuck.
SEND_WITHIN = 5.0


class Child:
    """One child process and the way to it; it dies with the thread that has started it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(SEND_WITHIN)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                (
                    *(sys.executable, "-P", "-m", "core_api.background.child"),
                    *(str(theirs.fileno()), str(os.getpid())),
                ),
                env=environment(),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # Ctrl-C reaches the worker alone, and what tasks start ends with them.
                process_group=0,
            )
        self._channel = Channel(ours)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def fileno(self) -> int:
        """The socket's number, to be waited for."""
        return self._channel.connection.fileno()

    def send(self, message: bytes) -> None:
        """Send an encoded message; OSError where the child does not take it."""
        self._channel.send(message)

    def receive(self) -> Iterator[FromChild]:
        """What it has said; EOFError when it has ended. Waits until there is something."""
        try:
            for body in self._channel.receive():
                yield FROM_CHILD.decode(body)
        except ConnectionError:
            raise EOFError from None

    def kill(self) -> int:
        """End it and what it has started, now; its exit status."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._channel.connection.close()
        return self._process.wait()


def environment() -> dict[str, str]:
    """What a child must know to see the data and the database that we see."""
    former = os.environ.get("PYTHONPATH")
    paths = [str(settings.BASE_DIR), *([former] if former else [])]
    return {
        **{name: value for name, value in os.environ.items() if name != PARENT},
        "PYTHONPATH": os.pathsep.join(paths),
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "COAPTURE_DATA": str(settings.COAPTURE_DATA),
        "DATABASE_URL": database_url(),
    }


def database_url() -> str:
    """The database of this process: the one of the environment, or another of its server."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(Path(name).absolute()))}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(name, safe='')}").geturl()
