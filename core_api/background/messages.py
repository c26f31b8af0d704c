"""What a worker and its children say to each other: JSON behind its length, over a socket pair."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import msgspec

LENGTH_BYTES = 4
CHUNK = 65536


class Start(msgspec.Struct, tag="start"):
    """To the child: make this attempt; `folder` is the one for its files, not made yet."""

    job_id: str
    task: str
    token: int
    attempt: int
    inputs: dict[str, Any]
    options: dict[str, Any]
    folder: str


class Cancel(msgspec.Struct, tag="cancel"):
    """To the child: end this attempt soon."""

    job_id: str
    token: int


class Ready(msgspec.Struct, tag="ready"):
    """From the child: it can take work."""


class Progress(msgspec.Struct, tag="progress"):
    """From the child: how far the attempt is."""

    job_id: str
    percent: float
    message: str
    details: Any


class Done(msgspec.Struct, tag="done"):
    """From the child: the attempt was successful."""

    job_id: str
    outputs: Any


class Cancelled(msgspec.Struct, tag="cancelled"):
    """From the child: the attempt ended because it was to."""

    job_id: str


class Failed(msgspec.Struct, tag="failed"):
    """From the child: the problem (RFC 9457), and the seconds to the next attempt, if any."""

    job_id: str
    problem: dict[str, Any]
    pause: float | None


ToChild = Start | Cancel
FromChild = Ready | Progress | Done | Cancelled | Failed

_encode = msgspec.json.Encoder().encode
TO_CHILD: msgspec.json.Decoder[ToChild] = msgspec.json.Decoder(ToChild)
FROM_CHILD: msgspec.json.Decoder[FromChild] = msgspec.json.Decoder(FromChild)


def encoded(message: ToChild | FromChild) -> bytes:
    """The message as it is sent; TypeError or ValueError for what JSON cannot carry."""
    body = _encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


class Channel:
    """One end of the socket pair; several threads may send."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._received = bytearray()
        self._guard = threading.Lock()

    def send(self, data: bytes) -> None:
        """Send an encoded message; OSError where the other end is gone or does not read."""
        with self._guard:
            self.connection.sendall(data)

    def receive(self) -> Iterator[bytes]:
        """The bodies that are whole after one read, which waits; EOFError at the end."""
        chunk = self.connection.recv(CHUNK)
        if not chunk:
            raise EOFError
        self._received += chunk
        while (body := self._next()) is not None:
            yield body

    def _next(self) -> bytes | None:
        if len(self._received) < LENGTH_BYTES:
            return None
        end = LENGTH_BYTES + int.from_bytes(self._received[:LENGTH_BYTES], "big")
        if len(self._received) < end:
            return None
        body = bytes(self._received[LENGTH_BYTES:end])
        del self._received[:end]
        return body
