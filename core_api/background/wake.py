"""Waking the workers of this machine: a datagram to the socket of each in the data folder."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAME = "bell"
LINUX_DESCRIPTORS = Path("/proc/self/fd")


class Bell:
    """A socket in the folder that `ring` reaches; it becomes readable when it was rung."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with _short(folder) as near:
            self._socket.bind(str(near / NAME))

    def fileno(self) -> int:
        """The socket's number, to be waited for."""
        return self._socket.fileno()

    def clear(self) -> None:
        """Forget that it was rung."""
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(1)

    def close(self) -> None:
        """Close the socket and remove its name."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def ring(workers: Path) -> None:
    """Ring in every folder of `workers`; who does not hear polls."""
    with (
        suppress(OSError),
        _short(workers) as near,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender,
    ):
        for name in os.listdir(workers):  # noqa: PTH208  (each commit pays for it)
            with suppress(OSError):
                sender.sendto(b"!", f"{near}/{name}/{NAME}")


@contextmanager
def _short(folder: Path) -> Iterator[Path]:
    """Another name of the folder that fits into the 108 bytes of a socket's address (unix(7))."""
    if not LINUX_DESCRIPTORS.is_dir():
        yield folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield LINUX_DESCRIPTORS / str(descriptor)
    finally:
        os.close(descriptor)
