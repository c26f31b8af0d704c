"""JSON (RFC 8259), decoded strictly by msgspec."""

from typing import Any

import msgspec

from core_api.wire.errors import PayloadError

MAX_DEPTH = 32

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


def decode(data: bytes) -> Any:
    """The value of a UTF-8 text; PayloadError where it is no JSON."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise PayloadError(f"The JSON is malformed: {error}.") from None


def encode(value: object) -> bytes:
    """The value as JSON in UTF-8."""
    return _encoder.encode(value)
