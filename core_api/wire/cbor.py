"""CBOR (RFC 8949) and its sequences (RFC 8742), decoded strictly."""

from collections.abc import Callable, Mapping
from typing import Any

import cbor2

from core_api.wire import base64text
from core_api.wire.cborscan import MAX_DEPTH, item_end
from core_api.wire.errors import PayloadError
from core_api.wire.times import UnixTime

MAX_SEQUENCE = 10_000


def decode(data: bytes) -> Any:
    """The one item that the bytes hold.

    Tag 1 becomes UnixTime, tag 0 and tags 21 and 22 what they hold, tags 33 and 34 bytes; text is
    str, byte strings are bytes. PayloadError for what cborscan refuses, for trailing bytes, equal
    keys in a map, and keys that are neither text nor a byte string nor an integer.
    """
    end = item_end(data)
    if end != len(data):
        raise PayloadError(f"The CBOR item ends at byte {end}, and more bytes follow.")
    return _decoded(data)


def decode_sequence(data: bytes) -> list[Any]:
    """The items of a CBOR sequence, each as `decode` has it."""
    items: list[Any] = []
    at = 0
    while at < len(data):
        if len(items) == MAX_SEQUENCE:
            raise PayloadError(f"The CBOR sequence has more than {MAX_SEQUENCE} items.")
        end = item_end(data, at)
        items.append(_decoded(data[at:end]))
        at = end
    return items


def encode(value: object) -> bytes:
    """The value as CBOR, as short as it can be, keys in order (RFC 8949 section 4.2)."""
    return cbor2.dumps(value, canonical=True)


def _decoded(data: bytes) -> Any:
    try:
        return cbor2.loads(
            data,
            semantic_decoders=_TAGS,
            max_depth=2 * MAX_DEPTH,
            allow_duplicate_keys=False,
            object_hook=_checked,
        )
    except (cbor2.CBORError, ValueError, TypeError, OverflowError) as error:
        if isinstance(error.__cause__, PayloadError):
            raise error.__cause__ from None
        raise PayloadError(f"The CBOR cannot be decoded: {error}.") from None


def _checked(item: Mapping[Any, Any], _: bool) -> Mapping[Any, Any]:
    for key in item:
        if isinstance(key, bool) or not isinstance(key, str | bytes | int):
            raise PayloadError("A key of a CBOR map must be text, a byte string or an integer.")
    return item


def _unix_time(seconds: object, _: bool) -> UnixTime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise PayloadError("CBOR tag 1 must hold a number.")
    return UnixTime(seconds)


def _held(value: object, _: bool) -> object:
    return value


def _base64(text: object, _: bool) -> bytes:
    if not isinstance(text, str):
        raise PayloadError("CBOR tags 33 and 34 must hold text.")
    return base64text.decode(text)


_TAGS: Mapping[int, Callable[[Any, bool], Any]] = {
    0: _held,
    1: _unix_time,
    21: _held,
    22: _held,
    33: _base64,
    34: _base64,
    55799: _held,
}
