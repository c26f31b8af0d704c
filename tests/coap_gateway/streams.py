"""CoAP messages on TCP byte by byte (RFC 8323 section 3), and a client."""

import secrets
import socket
from typing import Self

from tests.coap_gateway.datagrams import (
    ACK,
    Answer,
    Options,
    code_byte,
    decode_rest,
    encode_options,
    uint,
)

CSM, PING, PONG, RELEASE, ABORT = "7.01", "7.02", "7.03", "7.04", "7.05"
MAX_MESSAGE_SIZE, BLOCK_WISE_TRANSFER = 2, 4


def frame(code: str, token: bytes = b"", options: Options = (), payload: bytes = b"") -> bytes:
    """One message."""
    rest = encode_options(options) + (b"\xff" + payload if payload else b"")
    length, extended = len(rest), b""
    if length >= 65805:
        length, extended = 15, (length - 65805).to_bytes(4, "big")
    elif length >= 269:
        length, extended = 14, (length - 269).to_bytes(2, "big")
    elif length >= 13:
        length, extended = 13, bytes([length - 13])
    return bytes([length << 4 | len(token)]) + extended + bytes([code_byte(code)]) + token + rest


class StreamClient:
    """One connection; `first` is sent instead of a CSM."""

    def __init__(
        self,
        port: int,
        host: str = "127.0.0.1",
        largest: int | None = None,
        first: bytes | None = None,
    ) -> None:
        self.socket = socket.create_connection((host, port), timeout=10)
        self._file = self.socket.makefile("rb")
        options = []
        if largest is not None:
            options = [(MAX_MESSAGE_SIZE, uint(largest)), (BLOCK_WISE_TRANSFER, b"")]
        self.socket.sendall(frame(CSM, options=options) if first is None else first)
        self.settings = self.receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def receive(self) -> Answer:
        """The next message."""
        head = self._read(1)[0]
        length, token_length = head >> 4, head & 15
        if length == 13:
            length = 13 + self._read(1)[0]
        elif length == 14:
            length = 269 + int.from_bytes(self._read(2), "big")
        elif length == 15:
            length = 65805 + int.from_bytes(self._read(4), "big")
        code = self._read(1)[0]
        token = self._read(token_length)
        options, payload = decode_rest(self._read(length))
        return Answer(ACK, f"{code >> 5}.{code & 31:02}", 0, token, options, payload)

    def ask(self, code: str, options: Options = (), payload: bytes = b"") -> Answer:
        """The response to a request."""
        token = secrets.token_bytes(4)
        self.socket.sendall(frame(code, token, options, payload))
        answer = self.receive()
        assert answer.token == token
        return answer

    def is_closed(self) -> bool:
        """Whether the other side closes the connection."""
        return self._file.read(1) == b""

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        assert len(data) == size, "the connection ended"
        return data
