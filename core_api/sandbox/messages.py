"""What a process and its sandboxed children say to each other: MessagePack behind its length.

Nothing that a child says is trusted: what comes back is plain values, a dataclass or an error that
the called function's own module knows by that name, and no longer than the caller allows.
"""

import dataclasses
import importlib
import socket
import time
from typing import Any

import msgspec

LENGTH_BYTES = 8

# A value, and the name of its dataclass in the called function's module where it is of one.
Item = tuple[str | None, Any]


class Request(msgspec.Struct, array_like=True):
    """To the child: call `function` of `module`; `cpu` in seconds, `memory` in bytes."""

    module: str
    function: str
    cpu: float
    memory: int
    arguments: list[Item]


class Returned(msgspec.Struct, tag="returned", array_like=True):
    """From the child: what the function has returned."""

    item: Item


class Raised(msgspec.Struct, tag="raised", array_like=True):
    """From the child: the error's class and message; `declared` where the module knows it."""

    name: str
    message: str
    declared: bool


class NoMemory(msgspec.Struct, tag="no-memory", array_like=True):
    """From the child: it has not the memory that the function wants."""


Reply = Returned | Raised | NoMemory

_encode = msgspec.msgpack.Encoder().encode
_request = msgspec.msgpack.Decoder(Request)
_reply: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def packed(value: object) -> Item:
    """The value as it is sent: plain, or a dataclass of plain values."""
    is_record = dataclasses.is_dataclass(value)
    return (type(value).__name__ if is_record else None, value)


def unpacked(item: Item, module: str) -> Any:
    """The value that was packed; ValueError for a class that the module does not know."""
    name, value = item
    if name is None:
        return value
    found = getattr(importlib.import_module(module), name, None)
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise ValueError(f"{module} has no dataclass {name}")
    return msgspec.convert(value, found)


def declared(module: str, name: str) -> type[Exception] | None:
    """The error that the module knows by this name."""
    found = getattr(importlib.import_module(module), name, None)
    is_error = isinstance(found, type) and issubclass(found, Exception)
    return found if is_error else None


def send(connection: socket.socket, message: Request | Reply) -> None:
    """Send a message; OSError where the other end is gone or does not read in time."""
    body = _encode(message)
    connection.sendall(len(body).to_bytes(LENGTH_BYTES, "big"))
    connection.sendall(body)


def receive_request(connection: socket.socket) -> Request:
    """Wait for a request; EOFError when the parent has ended."""
    return _request.decode(_receive(connection, None, None))


def receive_reply(connection: socket.socket, until: float, limit: int) -> Reply:
    """Wait for the reply until a time of time.monotonic, TimeoutError afterwards.

    EOFError when the child has ended, ValueError for what is no reply or longer than `limit`.
    """
    return _reply.decode(_receive(connection, until, limit))


def _receive(connection: socket.socket, until: float | None, limit: int | None) -> bytearray:
    length = int.from_bytes(_exactly(connection, LENGTH_BYTES, until), "big")
    if limit is not None and length > limit:
        raise ValueError(f"a message of {length} bytes")
    return _exactly(connection, length, until)


def _exactly(connection: socket.socket, length: int, until: float | None) -> bytearray:
    data = bytearray(length)
    view, have = memoryview(data), 0
    while have < length:
        if until is not None:
            connection.settimeout(max(until - time.monotonic(), 0.001))
        count = connection.recv_into(view[have:])
        if not count:
            raise EOFError
        have += count
    return data
