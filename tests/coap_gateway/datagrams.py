"""CoAP messages byte by byte (RFC 7252 section 3), and a client that sends and reads them."""

import itertools
import secrets
import socket
from dataclasses import dataclass, field
from typing import Self

import cbor2

CON, NON, ACK, RST = range(4)
GET, POST, PUT, DELETE = "0.01", "0.02", "0.03", "0.04"
FETCH, PATCH, IPATCH = "0.05", "0.06", "0.07"
IF_MATCH, URI_HOST, ETAG, IF_NONE_MATCH, OBSERVE, LOCATION_PATH = 1, 3, 4, 5, 6, 8
URI_PORT, OSCORE, HOP_LIMIT, ECHO, NO_RESPONSE = 7, 9, 16, 252, 258
URI_PATH, CONTENT_FORMAT, MAX_AGE, URI_QUERY, ACCEPT, LOCATION_QUERY = 11, 12, 14, 15, 17, 20
BLOCK2, BLOCK1, SIZE2, PROXY_URI, PROXY_SCHEME, SIZE1, REQUEST_TAG = 23, 27, 28, 35, 39, 60, 292

Options = list[tuple[int, bytes]]


def uint(number: int) -> bytes:
    """A number as an option has it (RFC 7252 section 3.2)."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def block(number: int, more: bool, exponent: int) -> bytes:
    """The value of a block option (RFC 7959 section 2.2)."""
    return uint(number << 4 | more << 3 | exponent)


def path(*segments: str | bytes) -> Options:
    """Uri-Path options."""
    return [(URI_PATH, part if isinstance(part, bytes) else part.encode()) for part in segments]


def query(*items: str) -> Options:
    """Uri-Query options."""
    return [(URI_QUERY, item.encode()) for item in items]


def _nibble(quantity: int) -> tuple[int, bytes]:
    if quantity < 13:
        return quantity, b""
    if quantity < 269:
        return 13, bytes([quantity - 13])
    return 14, (quantity - 269).to_bytes(2, "big")


def encode_options(options: Options) -> bytes:
    """The options in the order of their numbers."""
    encoded, last = b"", 0
    for number, value in sorted(options, key=lambda option: option[0]):
        delta, more_delta = _nibble(number - last)
        length, more_length = _nibble(len(value))
        encoded += bytes([delta << 4 | length]) + more_delta + more_length + value
        last = number
    return encoded


def code_byte(dotted: str) -> int:
    """ "2.05" is 69."""
    return int(dotted[0]) << 5 | int(dotted[2:])


def encode(
    kind: int, code: str, mid: int, token: bytes, options: Options = (), payload: bytes = b""
) -> bytes:
    """One UDP message."""
    head = bytes([0x40 | kind << 4 | len(token), code_byte(code)]) + mid.to_bytes(2, "big")
    return head + token + encode_options(options) + (b"\xff" + payload if payload else b"")


@dataclass
class Answer:
    """One message that came back; `options` lists the values of each number."""

    kind: int
    code: str
    mid: int
    token: bytes
    options: dict[int, list[bytes]] = field(default_factory=dict)
    payload: bytes = b""

    def one(self, number: int) -> bytes | None:
        """The value of an option that comes at most once."""
        values = self.options.get(number, [])
        assert len(values) <= 1
        return values[0] if values else None

    def number(self, option: int) -> int | None:
        """The value of an option as a number."""
        value = self.one(option)
        return None if value is None else int.from_bytes(value, "big")

    @property
    def block2(self) -> tuple[int, bool, int] | None:
        """The Block2 option: number, more, exponent."""
        value = self.number(BLOCK2)
        return None if value is None else (value >> 4, bool(value & 8), value & 7)

    @property
    def problem(self) -> tuple[str, str]:
        """Title and detail of a problem, whose code is that of the message."""
        assert self.number(CONTENT_FORMAT) == 257
        members = cbor2.loads(self.payload)
        assert members[-4] == code_byte(self.code)
        return members[-1], members.get(-2, "")


def decode_rest(data: bytes) -> tuple[dict[int, list[bytes]], bytes]:
    """Options and payload."""
    options: dict[int, list[bytes]] = {}
    number = 0
    while data and data[0] != 0xFF:
        delta, length = data[0] >> 4, data[0] & 15
        data = data[1:]
        delta, data = _extended(delta, data)
        length, data = _extended(length, data)
        number += delta
        options.setdefault(number, []).append(data[:length])
        data = data[length:]
    return options, data[1:]


def _extended(nibble: int, data: bytes) -> tuple[int, bytes]:
    if nibble < 13:
        return nibble, data
    if nibble == 13:
        return data[0] + 13, data[1:]
    return int.from_bytes(data[:2], "big") + 269, data[2:]


def decode(data: bytes) -> Answer:
    """One UDP message."""
    length = data[0] & 15
    options, payload = decode_rest(data[4 + length :])
    return Answer(
        data[0] >> 4 & 3,
        f"{data[1] >> 5}.{data[1] & 31:02}",
        int.from_bytes(data[2:4], "big"),
        data[4 : 4 + length],
        options,
        payload,
    )


class Client:
    """One UDP endpoint."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = 10.0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        self.socket.settimeout(timeout)
        self._mids = itertools.count(secrets.randbelow(30000))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def mid(self) -> int:
        """A message id that is new."""
        return next(self._mids)

    def send(
        self,
        code: str,
        options: Options = (),
        payload: bytes = b"",
        *,
        kind: int = CON,
        token: bytes = b"",
    ) -> tuple[int, bytes]:
        """Send a request; its message id and token."""
        mid, token = self.mid(), token or secrets.token_bytes(4)
        self.socket.send(encode(kind, code, mid, token, options, payload))
        return mid, token

    def receive(self) -> Answer:
        """The next message, acknowledged where it wants that."""
        answer = decode(self.socket.recv(65536))
        if answer.kind == CON:
            self.socket.send(encode(ACK, "0.00", answer.mid, b""))
        return answer

    def ask(
        self, code: str, options: Options = (), payload: bytes = b"", *, kind: int = CON
    ) -> Answer:
        """The response to a request, piggybacked or not."""
        _, token = self.send(code, options, payload, kind=kind)
        while (answer := self.receive()).token != token or answer.code == "0.00":
            pass
        return answer

    def replies_to(self, datagram: bytes) -> list[Answer]:
        """What comes before the answer to a ping that is sent after the datagram."""
        self.socket.send(datagram)
        ping = self.mid()
        self.socket.send(encode(CON, "0.00", ping, b""))
        replies = []
        while (answer := decode(self.socket.recv(65536))).mid != ping:
            replies.append(answer)
        assert (answer.kind, answer.code) == (RST, "0.00")
        return replies

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing more comes in this time."""
        former = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(former)
        return False
