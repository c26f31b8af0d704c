"""Many observers of one resource (RFC 7641), each an endpoint of its own, over UDP."""

import secrets
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from bench.load import BenchError

# Registrations that wait for their answers at a time.
AT_A_TIME = 50
# Seconds in which all are to have heard.
PATIENCE = 10.0
# RFC 7252 section 3: the bits of a message's type, two of the types, a code, and two options.
KINDS, CONFIRMABLE, ACKNOWLEDGEMENT = 0x30, 0x00, 0x20
GET = 1
OBSERVE, URI_PATH = 6, 11
# The length of an option that says that a byte with the rest follows.
EXTENDED = 13


@dataclass(eq=False)
class Observer:
    """One endpoint: its socket and token, the message ids that came, and when (seconds)."""

    socket: socket.socket
    token: bytes
    mids: set[bytes] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    repeated: int = 0

    def request(self, path: str) -> bytes:
        """A request to observe the path, whose segments have less than 269 bytes."""
        head = bytes((0x40 | len(self.token), GET)) + secrets.token_bytes(2) + self.token
        segments = [segment.encode() for segment in path.strip("/").split("/")]
        deltas = [URI_PATH - OBSERVE] + [0] * (len(segments) - 1)
        options = (_option(*one) for one in zip(deltas, segments, strict=True))
        return head + _option(OBSERVE, b"") + b"".join(options)

    def hear(self) -> None:
        """Take in one message, and acknowledge it."""
        data = self.socket.recv(2048)
        mid = data[2:4]
        if mid in self.mids:
            self.repeated += 1
        else:
            self.mids.add(mid)
            self.times.append(time.monotonic())
        if data[0] & KINDS == CONFIRMABLE:
            self.socket.send(bytes((0x40 | ACKNOWLEDGEMENT, 0)) + mid)


class Crowd:
    """Observers of one path of the gateway at 127.0.0.1 and this port."""

    def __init__(self, port: int, number: int) -> None:
        self._selector = selectors.DefaultSelector()
        self.observers = [self._observer(port) for _ in range(number)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for observer in self.observers:
            observer.socket.close()
        self._selector.close()

    def register(self, path: str) -> None:
        """Begin to observe; BenchError where somebody gets no answer."""
        for start in range(0, len(self.observers), AT_A_TIME):
            some = self.observers[start : start + AT_A_TIME]
            for observer in some:
                observer.socket.send(observer.request(path))
            if not self.hear(some):
                raise BenchError("Not every observer got its first answer.")
        for observer in self.observers:
            observer.times.clear()

    def hear(self, some: list[Observer] | None = None, seconds: float = PATIENCE) -> bool:
        """Listen until each of them, or of all, has heard more than before; False if it has not."""
        missing = {observer: len(observer.times) for observer in some or self.observers}
        deadline = time.monotonic() + seconds
        while missing and time.monotonic() < deadline:
            for observer in self._ready(deadline - time.monotonic()):
                observer.hear()
                if len(observer.times) > missing.get(observer, len(observer.times)):
                    del missing[observer]
        return not missing

    def listen(self, seconds: float) -> None:
        """Take in whatever comes in this time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for observer in self._ready(left):
                observer.hear()

    @property
    def repeated(self) -> int:
        """Messages that came more than once."""
        return sum(observer.repeated for observer in self.observers)

    def _observer(self, port: int) -> Observer:
        sock = socket.socket(type=socket.SOCK_DGRAM)
        sock.connect(("127.0.0.1", port))
        sock.setblocking(False)
        observer = Observer(sock, secrets.token_bytes(4))
        self._selector.register(sock, selectors.EVENT_READ, observer)
        return observer

    def _ready(self, seconds: float) -> Iterator[Observer]:
        for key, _ in self._selector.select(seconds):
            yield key.data


def _option(delta: int, value: bytes) -> bytes:
    """One option (RFC 7252 section 3.1)."""
    if len(value) < EXTENDED:
        return bytes((delta << 4 | len(value),)) + value
    return bytes((delta << 4 | EXTENDED, len(value) - EXTENDED)) + value
