"""What a spool file begins with: all that is needed to go on with the upload."""

import datetime as dt
import struct
from typing import BinaryIO, NamedTuple
from urllib.parse import parse_qsl

import msgspec

# The layout's name and version, bytes of the head, bytes of the whole body (-1: not known).
PREAMBLE = struct.Struct(">4sIq")
LAYOUT = b"cup1"
UNKNOWN = -1
MAX_HEAD = 128 * 1024
# What of a request's headers counts when its whole body has come; who asks then says the rest.
KEPT = ("CONTENT_TYPE", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
DEVICE_NAMES = ("deviceId", "d")
_DIGEST = "sha256"


class Target(msgspec.Struct, frozen=True):
    """The request that the upload is the body of.

    `query` is as it stands in a URL; `headers` are named as WSGI does.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = {}


class Head(msgspec.Struct, frozen=True):
    """An upload apart from its bytes.

    `received` is the server's clock (UTC) at the first byte, `host` the address that began,
    `exponent` that of the block size (RFC 7959 section 2.2). `length` is that of the whole, in
    bytes, where it was announced at the beginning: so much place is kept for it.
    """

    target: Target
    received: dt.datetime
    host: str = ""
    exponent: int = 6
    length: int | None = None

    @property
    def device_id(self) -> str | None:
        """The device that the request's query names."""
        return device_id_in(self.target.query)

    @property
    def sha256(self) -> str:
        """The image's digest that the request's query announces, in lower case; "" for none."""
        return _fields(self.target.query).get(_DIGEST, "").lower()


class Read(NamedTuple):
    """A head as it was read: where the body begins, and how long it is to become."""

    head: Head
    start: int
    announced: int


def device_id_in(query: str) -> str | None:
    """The device that a query names."""
    fields = _fields(query)
    return next((fields[name] for name in DEVICE_NAMES if name in fields), None)


def written(head: Head) -> bytes:
    """The bytes before the body."""
    encoded = msgspec.json.encode(head)
    announced = UNKNOWN if head.length is None else head.length
    return PREAMBLE.pack(LAYOUT, len(encoded), announced) + encoded


def read(file: BinaryIO) -> Read | None:
    """The head of a file that is read from its start; None where it is none of ours."""
    start = file.read(PREAMBLE.size)
    if len(start) < PREAMBLE.size:
        return None
    layout, size, announced = PREAMBLE.unpack(start)
    if layout != LAYOUT or size > MAX_HEAD:
        return None
    try:
        head = _decoder.decode(file.read(size))
    except msgspec.MsgspecError:
        return None
    return Read(head, PREAMBLE.size + size, announced)


def _fields(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))


_decoder = msgspec.json.Decoder(Head)
