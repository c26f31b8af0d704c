"""JSON text (RFC 8259), strictly and within bounds, by msgspec.

It is UTF-8 without a byte order mark, NaN and lone surrogates are refused, and of a name that
occurs twice the last value counts (RFC 8259 section 4).
"""

import re
from typing import TypeVar

import msgspec

from core_api.wire.errors import PayloadError

_T = TypeVar("_T")
MAX_ITEMS = 100_000
MAX_DEPTH = 64

_DECODER = msgspec.json.Decoder()
_SPLITTER = msgspec.json.Decoder(list[msgspec.Raw])
_ARRAY = re.compile(rb"[ \t\r\n]*\[")


def decode(data: bytes) -> object:
    """The value of a JSON text as plain Python values; PayloadError where it is not one.

    At most MAX_ITEMS values, at most MAX_DEPTH arrays and objects inside each other.
    """
    value = _decoded(_DECODER, data)
    if is_deeper(value, MAX_DEPTH):
        raise _too_deep()
    return value


def split(data: bytes) -> list[memoryview] | None:
    """The items of the array that the text is, not yet decoded; None where it is none."""
    if not _ARRAY.match(data):
        return None
    return [memoryview(item) for item in _decoded(_SPLITTER, data)]


def encode(value: object) -> bytes:
    """The value as compact JSON; bytes in it become base64 text.

    Raises TypeError or ValueError for what JSON cannot carry.
    """
    return msgspec.json.encode(value)


def is_deeper(value: object, depth: int) -> bool:
    """Whether more than `depth` lists and maps lie inside each other."""
    level = [value]
    for _ in range(depth):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return any(isinstance(child, list | dict) for child in level)


def _decoded(decoder: "msgspec.json.Decoder[_T]", data: bytes) -> _T:
    if _has_many(data):
        raise PayloadError(f"This JSON has more than {MAX_ITEMS} values.")
    try:
        return decoder.decode(data)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise PayloadError(f"This JSON cannot be read: {error}.") from None


def _has_many(data: bytes) -> bool:
    """Whether there may be more than MAX_ITEMS values, known before anything is built.

    Commas and brackets in strings count too; a value takes two bytes with what parts it from the
    next, so that short texts need no counting.
    """
    if len(data) <= 2 * MAX_ITEMS:
        return False
    return data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_ITEMS


def _children(parent: object) -> list[object]:
    if isinstance(parent, dict):
        return list(parent.values())
    return parent if isinstance(parent, list) else []


def _too_deep() -> PayloadError:
    return PayloadError(f"This JSON is nested more than {MAX_DEPTH} deep.")
