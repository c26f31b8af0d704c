"""CBOR (RFC 8949) and CBOR sequences (RFC 8742), strictly and within bounds, by cbor2.

Indefinite lengths are accepted; duplicate keys, keys that are neither numbers nor strings and
tags without a use here are refused (cbor_scan.py). A tag is taken off its content: what tag 0
holds is text, what the base64 tags hold is text or bytes; tag 1 becomes an EpochTime.
"""

from collections.abc import Callable, Mapping

import cbor2

from core_api.wire.cbor_scan import MAX_DEPTH, RefusedItem, Scanner, is_array
from core_api.wire.errors import PayloadError
from core_api.wire.times import EpochTime

# cbor2 quotes a key that is there twice, however long it is.
_MAX_QUOTE = 200


def decode(data: bytes) -> object:
    """The one item of the data as plain Python values; PayloadError where it is not one."""
    scanner = Scanner(data)
    scanner.item()
    if scanner.position != len(data):
        raise PayloadError(f"Something follows this CBOR at byte {scanner.position}.")
    return _decode(data)


def decode_sequence(data: bytes) -> list[object]:
    """The items of a CBOR sequence; PayloadError where it is not one."""
    scanner = Scanner(data)
    items = []
    while scanner.position < len(data):
        start = scanner.position
        scanner.item()
        items.append(_decode(data[start : scanner.position]))
    return items


def split(data: bytes) -> list[memoryview | PayloadError] | None:
    """The items of the array that the data is, not yet decoded; None where it is none.

    An item that is well-formed and not accepted is there as its error. PayloadError where the
    array is not well-formed.
    """
    if not is_array(data):
        return None
    scanner = Scanner(data)
    parts = [_part(scanner, data) for _ in scanner.array()]
    if scanner.position != len(data):
        raise PayloadError(f"Something follows this CBOR at byte {scanner.position}.")
    return parts


def split_sequence(data: bytes) -> list[memoryview | PayloadError]:
    """The items of a CBOR sequence as `split` gives them; where it breaks off, that is the last."""
    scanner = Scanner(data)
    parts: list[memoryview | PayloadError] = []
    try:
        while scanner.position < len(data):
            parts.append(_part(scanner, data))
    except PayloadError as error:
        parts.append(error)
    return parts


def encode(value: object) -> bytes:
    """The value as CBOR in its shortest form, map keys in canonical order (RFC 7049 section 3.9).

    Raises TypeError or ValueError for what CBOR cannot carry.
    """
    try:
        return cbor2.dumps(value, canonical=True)
    except cbor2.CBOREncodeError as error:
        raise TypeError(str(error)) from error


def _part(scanner: Scanner, data: bytes) -> memoryview | PayloadError:
    start = scanner.position
    try:
        scanner.item()
    except RefusedItem as error:
        return error
    return memoryview(data)[start : scanner.position]


def _decode(item: bytes) -> object:
    try:
        value: object = cbor2.loads(
            item, semantic_decoders=_TAGS, max_depth=MAX_DEPTH, allow_duplicate_keys=False
        )
    except (cbor2.CBORError, ValueError) as error:
        raise PayloadError(f"This CBOR cannot be read: {str(error)[:_MAX_QUOTE]}.") from None
    return value


def _text(content: object, _immutable: bool) -> str:
    if not isinstance(content, str):
        raise TypeError("tag 0 holds text")
    return content


def _epoch(content: object, _immutable: bool) -> EpochTime:
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise TypeError("tag 1 holds a number")
    return EpochTime(content)


def _string(content: object, _immutable: bool) -> str | bytes:
    if not isinstance(content, str | bytes):
        raise TypeError("a base64 tag holds a string")
    return content


def _anything(content: object, _immutable: bool) -> object:
    return content


_TAGS: Mapping[int, Callable[[object, bool], object]] = {
    0: _text,
    1: _epoch,
    21: _string,
    22: _string,
    33: _string,
    34: _string,
    55799: _anything,
}
