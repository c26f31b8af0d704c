"""Uploads that stall: granian waits for a body without any limit, and each wait holds a thread.

A camera that loses its power in the middle of an upload would hold it for ever. So whoever waits
for a body is known here, and a connection that has been silent for too long meanwhile is shut down:
the body then ends early, as with any client that goes away.
"""

import ipaddress
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from core_api.serving.in_turn import Application

# tcpi_last_data_recv (milliseconds) in Linux's struct tcp_info.
_LAST_DATA_RECEIVED = struct.Struct("@52xI")
_OPEN_FILES = Path("/proc/self/fd")


class Watched:
    """A WSGI application, served on `port`, whose stalled uploads end after `after` seconds."""

    def __init__(self, application: Application, port: int, after: float) -> None:
        self._application = application
        self._port = port
        self._after = after
        self._waits: dict[int, tuple[str, float]] = {}
        if sys.platform == "linux":
            threading.Thread(target=self._watch, name="stalls", daemon=True).start()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        peer = environ.get("REMOTE_ADDR", "")
        environ["wsgi.input"] = _Body(environ["wsgi.input"], peer, self._waits)
        return self._application(environ, start_response)

    def _watch(self) -> None:
        while True:
            time.sleep(self._after / 4)
            since = time.monotonic() - self._after
            peers = {peer for peer, began in list(self._waits.values()) if began < since}
            if peers:
                _shut_silent(self._port, peers, self._after)


class _Body:
    """A request's body; whoever waits for it is entered in `waits` with the time."""

    def __init__(self, stream: BinaryIO, peer: str, waits: dict[int, tuple[str, float]]) -> None:
        self._stream = stream
        self._peer = peer
        self._waits = waits

    def read(self, size: int = -1) -> bytes:
        return self._wait(self._stream.read, size)

    def readline(self, size: int = -1) -> bytes:
        return self._wait(self._stream.readline, size)

    def _wait(self, read: Callable[[int], bytes], size: int) -> bytes:
        self._waits[id(self)] = (self._peer, time.monotonic())
        try:
            return read(size)
        finally:
            del self._waits[id(self)]


def _shut_silent(port: int, peers: Collection[str], seconds: float) -> None:
    """Shut down the connections to our port from those peers that were silent for so long."""
    addresses = {_plain(peer) for peer in peers}
    for connection in _sockets():
        # What is no TCP connection fails at the first question.
        with connection, suppress(OSError):
            silent = _silence(connection) > seconds
            ours = connection.getsockname()[1] == port
            if silent and ours and _plain(connection.getpeername()[0]) in addresses:
                connection.shutdown(socket.SHUT_RDWR)


def _sockets() -> Iterator[socket.socket]:
    """A duplicate of every socket of this process."""
    for file in list(_OPEN_FILES.iterdir()):
        with suppress(OSError):
            if str(file.readlink()).startswith("socket:"):
                yield socket.socket(fileno=os.dup(int(file.name)))


def _silence(connection: socket.socket) -> float:
    """Seconds since the last data came in."""
    size = _LAST_DATA_RECEIVED.size
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)
    return float(_LAST_DATA_RECEIVED.unpack(info)[0]) / 1000


def _plain(address: str) -> str:
    """The address; of an IPv4 one that is written as IPv6 the IPv4 one."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
