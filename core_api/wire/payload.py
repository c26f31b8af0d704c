"""What clients send about an image: the fields of a JSON, CBOR or form body, and changes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, TypeVar, cast

from core_api.wire import cbor, jsontext
from core_api.wire.errors import FieldErrors, PayloadError, field_error, pointer_to
from core_api.wire.fields import (
    device_id,
    digest,
    image_data,
    location,
    media_type,
    meta,
    text_device_id,
    title,
)
from core_api.wire.problem import FieldError
from core_api.wire.times import Moment, parse_moment, parse_moment_text

__all__ = [
    "ImageFields",
    "decode_changes",
    "decode_image",
    "device_id",
    "image_changes",
    "image_fields",
    "location",
    "meta",
    "plain_cbor",
    "text_device_id",
    "text_fields",
    "title",
]

CBOR = "application/cbor"
KEYS: Mapping[int, str] = {
    1: "deviceId",
    2: "timestamp",
    3: "imageData",
    4: "mediaType",
    5: "title",
    6: "location",
    7: "sha256",
    8: "meta",
}
_NAMES: Mapping[object, str] = dict(KEYS) | {name: name for name in KEYS.values()}
_CHANGEABLE: Mapping[str, Callable[[object], object]] = {
    "title": title,
    "location": location,
    "meta": meta,
}
_HEX_DIGIT = re.compile(rb"\s*[0-9A-Fa-f]")
_COORDINATES = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)\s*", re.ASCII)

# Of the keys that nobody knows so many are named, and so much of each.
_MAX_NAMED = 10
_MAX_NAME = 100

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ImageFields:
    """An image as a client sent it, every field checked; `location` in degrees (WGS 84)."""

    device_id: str
    moment: Moment
    data: bytes
    media_type: str | None
    title: str
    location: tuple[float, float] | None
    sha256: bytes | None
    meta: dict[str, object]


def decode_image(media_type: str, body: bytes, now: datetime) -> ImageFields:
    """The image in a body of application/json or application/cbor; `now` is the server's clock.

    Raises PayloadError for a body that is not of that type, FieldErrors for its fields.
    """
    return image_fields(_decode(media_type, body), now)


def decode_changes(media_type: str, body: bytes) -> dict[str, object]:
    """The changes in a merge patch (RFC 7396), in JSON or application/cbor: `image_changes`."""
    return image_changes(_decode(media_type, body))


def image_fields(value: object, now: datetime) -> ImageFields:
    """The image in a decoded map, whose keys are names or the integers of KEYS.

    Unknown keys are ignored. Raises FieldErrors with every field that is missing or wrong.
    """
    members, _ = _members(value)
    return _checked_fields(members, parse_moment, now)


def text_fields(fields: Mapping[str, str], data: bytes, now: datetime) -> ImageFields:
    """The image whose bytes are a body or a form's file, and whose fields are text.

    As `image_fields`, except that `location` is "latitude,longitude", `meta` is JSON, a time in
    digits is a number, and an empty field counts as none.
    """
    members: dict[str, object] = {name: text for name, text in fields.items() if text}
    if text := fields.get("location"):
        members["location"] = _coordinates(text)
    if text := fields.get("meta"):
        members["meta"] = _json(text)
    return _checked_fields(members | {"imageData": data}, _text_moment, now)


def image_changes(value: object) -> dict[str, object]:
    """The changes in a decoded merge patch: those of title, location and meta that it names.

    None removes a field. `meta` is a patch itself: once merged it is to be checked by `meta()`.
    Raises FieldErrors with every key that is wrong or cannot be changed.
    """
    members, others = _members(value)
    checks = _Checks()
    for key in others[:_MAX_NAMED]:
        checks(_unchangeable, str(key)[:_MAX_NAME])
    changes: dict[str, object] = {}
    for name, member in members.items():
        if name not in _CHANGEABLE:
            checks(_unchangeable, name)
        else:
            changes[name] = None if member is None else checks(_CHANGEABLE[name], member)
    checks.raise_errors()
    return changes


class _Checks:
    """Calls that gather their FieldErrors, so that a client hears of every field at once."""

    def __init__(self) -> None:
        self._errors: list[FieldError] = []

    def __call__(self, check: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """The result; what stands in for a failed one never outlives `raise_errors`."""
        try:
            return check(*args, **kwargs)
        except FieldErrors as error:
            self._errors.extend(error.errors)
            return cast("_T", None)

    def raise_errors(self) -> None:
        if self._errors:
            raise FieldErrors(self._errors)


def _checked_fields(
    members: Mapping[str, object], moment: Callable[[object, datetime], Moment], now: datetime
) -> ImageFields:
    checks = _Checks()
    fields = ImageFields(
        device_id=checks(device_id, members.get("deviceId")),
        moment=checks(moment, members.get("timestamp"), now),
        data=checks(image_data, members.get("imageData")),
        media_type=checks(media_type, members.get("mediaType")),
        title=checks(title, members.get("title")),
        location=checks(location, members.get("location")),
        sha256=checks(digest, members.get("sha256")),
        meta=checks(meta, members.get("meta")),
    )
    checks.raise_errors()
    return fields


def _members(value: object) -> tuple[dict[str, object], list[object]]:
    """The known members of a map by name, and the keys of the others."""
    if not isinstance(value, dict):
        raise PayloadError("This must be a map of fields.")
    members: dict[str, object] = {}
    others: list[object] = []
    for key, member in value.items():
        name = _NAMES.get(key)
        if name is None:
            others.append(key)
        elif name in members:
            raise field_error(pointer_to(name), "is given twice, by name and by number")
        else:
            members[name] = member
    return members, others


def _unchangeable(name: str) -> object:
    raise field_error(pointer_to(name), "cannot be changed")


def _decode(media_type: str, body: bytes) -> object:
    if media_type != CBOR:
        return jsontext.decode(body)
    # No CBOR map or array begins with a byte that is a hexadecimal digit.
    return cbor.decode(plain_cbor(body))


def plain_cbor(body: bytes) -> bytes:
    """The CBOR of a body that may be its hexadecimal digits."""
    return _unhex(body) if _HEX_DIGIT.match(body) else body


def _unhex(body: bytes) -> bytes:
    try:
        return bytes.fromhex(body.decode("ascii"))
    except ValueError:
        raise PayloadError("This is neither a CBOR map nor one in hexadecimal digits.") from None


def _text_moment(text: object, now: datetime) -> Moment:
    return parse_moment_text(text, now) if isinstance(text, str) else parse_moment(text, now)


def _coordinates(text: str) -> object:
    """The numbers of "latitude,longitude"; text that is none stays, for its check to refuse."""
    found = _COORDINATES.fullmatch(text)
    return [float(number) for number in found.groups()] if found else text


def _json(text: str) -> object:
    """The value of a JSON text; text that is none stays, for its check to refuse."""
    try:
        return jsontext.decode(text.encode("utf-8", "replace"))
    except PayloadError:
        return text
