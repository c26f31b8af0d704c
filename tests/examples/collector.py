"""A CoAP server that takes an upload, remembers every request, and errs where it is told."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import cbor2

from tests.coap_gateway.datagrams import (
    ACK,
    BLOCK1,
    CONTENT_FORMAT,
    MAX_AGE,
    REQUEST_TAG,
    RST,
    SIZE1,
    URI_QUERY,
    Options,
    block,
    decode,
    encode,
    uint,
)

CREATED, CONTINUE, INCOMPLETE, CONFLICT, TOO_LARGE = "2.01", "2.31", "4.08", "4.09", "4.13"
UNAVAILABLE = "5.03"


@dataclass(frozen=True)
class Seen:
    """A request: when it came (by the monotonic clock), from which port, and what it carries."""

    at: float
    port: int
    number: int
    more: bool
    exponent: int
    tag: bytes | None
    size1: int | None
    query: tuple[bytes, ...]
    payload: bytes

    @property
    def offset(self) -> int:
        """Where the block begins, in bytes."""
        return self.number * (16 << self.exponent)


@dataclass(frozen=True)
class Reply:
    """What is answered; without a code nothing is, or a reset."""

    code: str = ""
    options: tuple[tuple[int, bytes], ...] = ()
    payload: bytes = b""
    reset: bool = False


SILENCE, RESET = Reply(), Reply(reset=True)
FORGOTTEN = Reply(INCOMPLETE)


def answer_with_block(code: str, number: int, exponent: int) -> Reply:
    """An answer that asks for blocks of another size."""
    return Reply(code, ((BLOCK1, block(number, code == CONTINUE, exponent)),))


def later(seconds: int) -> Reply:
    """5.03 with Max-Age."""
    return Reply(UNAVAILABLE, ((MAX_AGE, uint(seconds)),))


@dataclass
class Collector:
    """Serves while the context lasts; `err` gives the reply to a request, or None for the usual."""

    err: Callable[[Seen], Reply | None] = lambda _: None
    seen: list[Seen] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> Self:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="collector")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(4096)
            if not data:
                return
            if data[1]:
                self._answer(data, peer)

    def _answer(self, data: bytes, peer: tuple[str, int]) -> None:
        request = decode(data)
        value = request.number(BLOCK1) or 0
        seen = Seen(
            *(time.monotonic(), peer[1]),
            *(value >> 4, bool(value & 8), value & 7),
            *(request.one(REQUEST_TAG), request.number(SIZE1)),
            *(tuple(request.options.get(URI_QUERY, [])), request.payload),
        )
        self.seen.append(seen)
        reply = self.err(seen) or self._take(seen)
        if reply.reset:
            self._socket.sendto(encode(RST, "0.00", request.mid, b""), peer)
        elif reply.code:
            options: Options = list(reply.options)
            answer = encode(ACK, reply.code, request.mid, request.token, options, reply.payload)
            self._socket.sendto(answer, peer)

    def _take(self, seen: Seen) -> Reply:
        if seen.offset > len(self.body):
            place = {"id": 7, "deviceId": "cam-next", "received": len(self.body)}
            place |= {
                "next": len(self.body) >> seen.exponent + 4,
                "expires": "2026-11-21T08:00:00Z",
            }
            return Reply(INCOMPLETE, ((CONTENT_FORMAT, uint(60)),), cbor2.dumps(place))
        self.body[seen.offset :] = seen.payload
        code = CONTINUE if seen.more else CREATED
        return Reply(code, ((BLOCK1, block(seen.number, seen.more, seen.exponent)),))
