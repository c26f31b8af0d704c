"""The smallest CoAP client: one confirmable request in one datagram (RFC 7252)."""

import secrets
import socket
import struct

POST = 2
_URI_PATH, _CONTENT_FORMAT, _URI_QUERY = 11, 12, 15
_ACK, _CON = 2, 0


class CoapClient:
    """Requests from one port; each is sent again every half second until it is answered."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.connect((host, port))
        self._message_id = secrets.randbelow(65536)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def post(self, path: str, query: list[str], content_format: int, payload: bytes) -> int | None:
        """The response's code, such as 0x41 for 2.01; None when none came in time."""
        self._message_id = (self._message_id + 1) % 65536
        token = secrets.token_bytes(4)
        message = struct.pack("!BBH", 0x40 | len(token), POST, self._message_id) + token
        message += _options(path, query, content_format) + b"\xff" + payload
        for _ in range(4):
            if (code := self._exchange(message, token)) is not None:
                return code
        return None

    def _exchange(self, message: bytes, token: bytes) -> int | None:
        self._socket.settimeout(0.5)
        try:
            self._socket.send(message)
            while True:
                answer = self._socket.recv(2048)
                if answer[4 : 4 + len(token)] == token and answer[1]:
                    self._acknowledge(answer)
                    return answer[1]
        except OSError:
            return None

    def _acknowledge(self, answer: bytes) -> None:
        if answer[0] >> 4 & 3 == _CON:
            self._socket.send(bytes([0x40 | _ACK << 4, 0]) + answer[2:4])


def _options(path: str, query: list[str], content_format: int) -> bytes:
    options = [(_URI_PATH, part.encode()) for part in path.strip("/").split("/")]
    options.append((_CONTENT_FORMAT, bytes([content_format])))
    options += [(_URI_QUERY, part.encode()) for part in query]
    encoded, last = b"", 0
    for number, value in options:
        encoded += _option(number - last, value)
        last = number
    return encoded


def _option(delta: int, value: bytes) -> bytes:
    """One option (RFC 7252 section 3.1); deltas and lengths below 269."""
    head, tail = 0, b""
    for shift, quantity in ((4, delta), (0, len(value))):
        head |= min(quantity, 13) << shift
        tail += bytes([quantity - 13]) if quantity >= 13 else b""
    return bytes([head]) + tail + value
