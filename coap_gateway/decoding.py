"""Bytes from peers as messages of aiocoap; Malformed where they are none."""

from typing import Any

from aiocoap import Message
from aiocoap.message import Direction
from aiocoap.numbers import ACK, CON, NON, RST

from coap_gateway import options, syntax

_TYPES = (CON, NON, ACK, RST)


def datagram(data: bytes, header: syntax.Header, remote: Any) -> Message:
    """The message of a datagram with this header."""
    message = _message(header.code, header.token, data, syntax.HEADER_BYTES + len(header.token))
    message.mtype, message.mid, message.remote = _TYPES[header.kind], header.mid, remote
    return message


def frame(data: bytes, found: syntax.Frame, remote: Any) -> Message:
    """The request or response that is one frame of a stream."""
    message = _message(found.code, found.token, data, found.start)
    message.remote = remote
    return message


def _message(code: int, token: bytes, data: bytes, start: int) -> Message:
    raw, payload = syntax.options_and_payload(data, start)
    message = Message(code=code, payload=payload)
    message.token = token
    message.opt = options.recognise(raw)
    message.direction = Direction.INCOMING
    return message
