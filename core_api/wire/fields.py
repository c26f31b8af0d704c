"""The fields of an image, each checked on its own (the contract's rules for a posted image).

Every function here raises FieldErrors at the field's pointer when the value breaks its rule.
"""

import math
import re
from collections.abc import Callable

from core_api.wire import base64text, jsontext
from core_api.wire.errors import PayloadError, field_error

MAX_DEVICE_CHARACTERS = 100
MAX_DEVICE_BYTES = 240
MAX_TITLE_CHARACTERS = 200
MAX_META_BYTES = 4096
MAX_META_DEPTH = 8

# Unicode category Cc, and what UTF-8 cannot carry.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_HEX_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
_MEDIA_TYPE = re.compile(r"[\x20-\x7e]{1,255}")
_MAX_INTEGER = 10**MAX_DEVICE_CHARACTERS


def device_id(value: object) -> str:
    """A device's name: text as it is, or the digits of an integer.

    1 to 100 characters and at most 240 bytes of UTF-8, without control characters.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= _MAX_INTEGER:
            raise field_error("/deviceId", _too_long(MAX_DEVICE_CHARACTERS))
        value = str(value)
    if value is None:
        raise field_error("/deviceId", "is required")
    if not isinstance(value, str):
        raise field_error("/deviceId", "must be text or an integer")
    return text_device_id(value)


def text_device_id(text: str) -> str:
    """A device's name from a path or query, where it is always text."""
    if not text:
        raise field_error("/deviceId", "must not be empty")
    _check_text(text, "/deviceId", MAX_DEVICE_CHARACTERS)
    if len(text.encode()) > MAX_DEVICE_BYTES:
        raise field_error("/deviceId", f"must have at most {MAX_DEVICE_BYTES} bytes of UTF-8")
    return text


def title(value: object) -> str:
    """A title: text of at most 200 characters without control characters; "" for None."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise field_error("/title", "must be text")
    _check_text(value, "/title", MAX_TITLE_CHARACTERS)
    return value


def location(value: object) -> tuple[float, float] | None:
    """A place: [latitude, longitude] in degrees (WGS 84); None for None."""
    if value is None:
        return None
    if not (isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))):
        raise field_error("/location", "must be [latitude, longitude] in degrees")
    latitude, longitude = value
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise field_error("/location", "must lie within latitude -90..90 and longitude -180..180")
    return float(latitude), float(longitude)


def digest(value: object) -> bytes | None:
    """A SHA-256 digest: 32 bytes, or 64 hexadecimal digits; None for None."""
    if value is None or (isinstance(value, bytes) and len(value) == 32):
        return value
    if isinstance(value, str) and _HEX_DIGEST.fullmatch(value):
        return bytes.fromhex(value)
    raise field_error("/sha256", "must be 32 bytes or 64 hexadecimal digits")


def media_type(value: object) -> str | None:
    """The media type that a client names; None for None. The image's bytes decide, not this."""
    if value is None:
        return None
    if not (isinstance(value, str) and _MEDIA_TYPE.fullmatch(value)):
        raise field_error("/mediaType", "must be a media type")
    return value


def image_data(value: object) -> bytes:
    """An image's bytes: a byte string, or strict base64 text."""
    if value is None:
        raise field_error("/imageData", "is required")
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise field_error("/imageData", "must be base64 text or a byte string")
    try:
        return base64text.decode(value)
    except PayloadError:
        raise field_error("/imageData", "is not base64 (RFC 4648)") from None


def meta(value: object) -> dict[str, object]:
    """Anything else that is known of an image: an object of at most 4 KiB as JSON; {} for None.

    It is nested at most 8 deep, and holds only what every database keeps as JSON: text without
    U+0000, finite numbers, null, booleans, lists, and objects whose names are text.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise field_error("/meta", "must be an object")
    if jsontext.is_deeper(value, MAX_META_DEPTH):
        raise field_error("/meta", f"must be nested at most {MAX_META_DEPTH} deep")
    if not _is_json(value):
        raise field_error("/meta", "must hold only what JSON can, without U+0000")
    if len(jsontext.encode(value)) > MAX_META_BYTES:
        raise field_error("/meta", f"must have at most {MAX_META_BYTES} bytes as JSON")
    return value


def _check_text(text: str, pointer: str, limit: int) -> None:
    if len(text) > limit:
        raise field_error(pointer, _too_long(limit))
    if _CONTROL.search(text):
        raise field_error(pointer, "must not have control characters")
    if _SURROGATE.search(text):
        raise field_error(pointer, "must not have lone surrogates")


def _too_long(limit: int) -> str:
    return f"must have at most {limit} characters"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_storable(text: object) -> bool:
    return isinstance(text, str) and "\0" not in text and not _SURROGATE.search(text)


_IS_JSON: dict[type, Callable[..., bool]] = {
    type(None): lambda _: True,
    bool: lambda _: True,
    int: lambda _: True,
    float: math.isfinite,
    str: _is_storable,
    list: lambda items: all(map(_is_json, items)),
    dict: lambda members: all(map(_is_storable, members)) and all(map(_is_json, members.values())),
}


def _is_json(value: object) -> bool:
    check = _IS_JSON.get(type(value))
    return check is not None and check(value)
