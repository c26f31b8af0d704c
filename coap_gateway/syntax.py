"""The syntax of messages (RFC 7252 section 3, RFC 8323 section 3.2): pure functions on bytes."""

from typing import NamedTuple

VERSION = 1
HEADER_BYTES = 4
LONGEST_TOKEN = 8
CON, NON, ACK, RST = range(4)
EMPTY = 0
RESERVED_CLASSES = (1, 6, 7)
PAYLOAD_MARKER = 0xFF
LAST_OPTION = 0xFFFF
# RFC 7252 section 3.1 and RFC 8323 section 3.2: what a nibble adds to the bytes that follow it,
# and how many these are.
_EXTENDED = {13: (13, 1), 14: (269, 2), 15: (65805, 4)}

RawOptions = list[tuple[int, bytes]]


class Malformed(ValueError):
    """A message format error; its text says which, for an Abort message."""


class Header(NamedTuple):
    """What begins a datagram."""

    kind: int
    code: int
    mid: int
    token: bytes


class Frame(NamedTuple):
    """One message of a stream; `options` and `payload` are yet to be read, from `start` on."""

    code: int
    token: bytes
    start: int


def is_coap(data: bytes) -> bool:
    """Whether a datagram has a header of our version; any other is ignored without a word."""
    return len(data) >= HEADER_BYTES and data[0] >> 6 == VERSION


def kind_of(data: bytes) -> int:
    """CON, NON, ACK or RST."""
    return data[0] >> 4 & 3


def mid_of(data: bytes) -> int:
    """The message id."""
    return int.from_bytes(data[2:HEADER_BYTES], "big")


def header(data: bytes) -> Header:
    """The header of a datagram that `is_coap`; Malformed where it is to be rejected (4.2, 4.3)."""
    kind, code, length = kind_of(data), data[1], data[0] & 15
    token = data[HEADER_BYTES : HEADER_BYTES + length]
    if length > LONGEST_TOKEN or len(token) < length:
        raise Malformed("A token has at most 8 bytes, and all of them.")
    if code >> 5 in RESERVED_CLASSES:
        raise Malformed("The class of the code is reserved.")
    if code == EMPTY:
        fits = kind != NON and len(data) == HEADER_BYTES
    else:
        fits = kind != RST and (kind != ACK or code >> 5 != 0)
    if not fits:
        raise Malformed("Type, code and length do not go together.")
    return Header(kind, code, mid_of(data), token)


def options_and_payload(data: bytes, start: int) -> tuple[RawOptions, bytes]:
    """Options (number and value, in their order) and payload, from `start` to the end."""
    options: RawOptions = []
    number, at, end = 0, start, len(data)
    while at < end:
        first = data[at]
        at += 1
        if first == PAYLOAD_MARKER:
            if at == end:
                raise Malformed("A payload marker needs a payload.")
            return options, data[at:]
        delta, length = first >> 4, first & 15
        if delta == 15 or length == 15:
            raise Malformed("The nibble 15 of an option is reserved.")
        if delta > 12:
            delta, at = _extended(data, at, delta)
        if length > 12:
            length, at = _extended(data, at, length)
        number += delta
        if number > LAST_OPTION or at + length > end:
            raise Malformed("An option ends after its message, or has no number.")
        options.append((number, data[at : at + length]))
        at += length
    return options, b""


def frame_bytes(data: bytes | bytearray) -> int | None:
    """Bytes of the message that a stream begins with; None as long as they are not known."""
    if not data:
        return None
    length, token = data[0] >> 4, data[0] & 15
    if token > LONGEST_TOKEN:
        raise Malformed("A token has at most 8 bytes.")
    if length < 13:
        return 2 + token + length
    base, size = _EXTENDED[length]
    if len(data) <= size:
        return None
    return 2 + size + token + base + int.from_bytes(data[1 : 1 + size], "big")


def frame(data: bytes) -> Frame:
    """The code and token of a whole message of a stream."""
    _, size = _EXTENDED.get(data[0] >> 4, (0, 0))
    start = 2 + size + (data[0] & 15)
    return Frame(data[1 + size], data[2 + size : start], start)


def _extended(data: bytes, at: int, nibble: int) -> tuple[int, int]:
    base, size = _EXTENDED[nibble]
    end = at + size
    if end > len(data):
        raise Malformed("An option ends after its message.")
    return base + int.from_bytes(data[at:end], "big"), end
