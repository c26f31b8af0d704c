"""The fields of an image, one check each; every error is a PayloadError with the field's pointer."""

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from core_api.wire import base64text, cbor
from core_api.wire.errors import PayloadError, pointer_to

MAX_DEVICE_ID = 100
MAX_DEVICE_ID_BYTES = 240
MAX_TITLE = 200
MAX_META_BYTES = 4096
MAX_META_DEPTH = 8
SHA256_BYTES = 32

_HEX_DIGEST = re.compile(r"[0-9a-fA-F]{64}\Z")
_LARGEST_ID = 10**MAX_DEVICE_ID


def device_id(value: object) -> str:
    """Text of 1 to 100 characters (240 bytes) without control characters, or an integer's digits.

    The text is kept as it is: never trimmed, never normalised.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= _LARGEST_ID:
            raise _fault("deviceId", f"must have at most {MAX_DEVICE_ID} digits")
        return str(value)
    text = _text("deviceId", value, MAX_DEVICE_ID)
    if not text:
        raise _fault("deviceId", "must not be empty")
    if len(text.encode()) > MAX_DEVICE_ID_BYTES:
        raise _fault("deviceId", f"must have at most {MAX_DEVICE_ID_BYTES} bytes of UTF-8")
    return text


def title(value: object) -> str:
    """Text of at most 200 characters without control characters."""
    return _text("title", value, MAX_TITLE)


def location(value: object) -> tuple[float, float]:
    """Latitude and longitude in degrees (WGS 84), given as an array of two numbers."""
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_number, value)):
        raise _fault("location", "must be [latitude, longitude]")
    latitude, longitude = float(value[0]), float(value[1])
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise _fault("location", "must lie within 90 and 180 degrees")
    return latitude, longitude


def sha256(value: object) -> bytes:
    """A SHA-256 digest: 32 bytes, or 64 hex digits."""
    if isinstance(value, bytes) and len(value) == SHA256_BYTES:
        return value
    if isinstance(value, str) and _HEX_DIGEST.match(value):
        return bytes.fromhex(value)
    raise _fault("sha256", "must be 64 hex digits, or 32 bytes in CBOR")


def image_data(value: object) -> bytes:
    """The image's bytes, given as a byte string or as base64 text."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise _fault("imageData", "must be base64 text, or a byte string in CBOR")
    try:
        return base64text.decode(value)
    except PayloadError:
        raise _fault("imageData", "must be base64 (RFC 4648)") from None


def media_type(value: object) -> str:
    """What the device says the bytes are; the bytes themselves decide."""
    return _text("mediaType", value, 100)


def meta(value: object) -> dict[str, Any]:
    """An object of JSON values with text keys, at most 4 KiB in CBOR."""
    if not isinstance(value, dict):
        raise _fault("meta", "must be an object")
    _check_json(value, ("meta",), MAX_META_DEPTH)
    if len(cbor.encode(value)) > MAX_META_BYTES:
        raise _fault("meta", f"must have at most {MAX_META_BYTES} bytes")
    return value


def _check_json(value: object, place: tuple[str | int, ...], depth: int) -> None:
    """Refuse what JSON cannot say: other keys than text, byte strings, NaN, lone surrogates."""
    if isinstance(value, Mapping | list) and depth == 0:
        raise PayloadError("meta is nested too deep.", pointer_to(*place))
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not _is_unicode(key):
                raise PayloadError("meta must have text keys.", pointer_to(*place))
            _check_json(inner, (*place, key), depth - 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_json(inner, (*place, index), depth - 1)
    elif not _is_json_scalar(value):
        raise PayloadError("meta must hold JSON values.", pointer_to(*place))


def _is_json_scalar(value: object) -> bool:
    if isinstance(value, str):
        return _is_unicode(value) and "\0" not in value
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    return value is None or (isinstance(value, float) and math.isfinite(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 180


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise _fault(name, "must be text")
    if len(value) > longest:
        raise _fault(name, f"must have at most {longest} characters")
    if not _is_unicode(value):
        raise _fault(name, "must be Unicode without lone surrogates")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise _fault(name, "must not have control characters")
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fault(name: str, what: str) -> PayloadError:
    return PayloadError(f"{name} {what}.", f"/{name}")
