"""From the bodies that devices send to the fields of an image."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core_api.wire import cbor, fields, jsontext
from core_api.wire.errors import FieldErrors, PayloadError
from core_api.wire.problem import FieldError
from core_api.wire.times import Moment, parse_moment, parse_moment_text

CBOR = "application/cbor"
REQUIRED = ("deviceId", "timestamp", "imageData")
# Integer keys, for devices that count bytes.
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
CHANGEABLE: Mapping[str, Callable[[object], object]] = {
    "title": fields.title,
    "location": fields.location,
}

_HEX_DIGITS = re.compile(rb"\s*(?:[0-9a-fA-F]{2})+\s*\Z")

# For the callers that check a single field of a path or query.
device_id = fields.device_id
meta = fields.meta


@dataclass(frozen=True, slots=True)
class ImageFields:
    """What a device says of an image, checked field by field; `data` are its bytes.

    `sha256` are the 32 bytes that `data` must digest to, `location` is in degrees (WGS 84).
    """

    device_id: str
    moment: Moment
    data: bytes
    media_type: str | None = None
    title: str = ""
    location: tuple[float, float] | None = None
    sha256: bytes | None = None
    meta: dict[str, Any] = field(default_factory=dict)


def decode_image(media_type: str, body: bytes, now: dt.datetime) -> ImageFields:
    """The image in a JSON or CBOR body; `now` is the server's clock for relative times (UTC).

    A CBOR body may come as ASCII hex digits: a map never begins with one. PayloadError where the
    body is malformed, FieldErrors with every field at fault.
    """
    if media_type != CBOR:
        return image_fields(jsontext.decode(body), now)
    if _HEX_DIGITS.match(body):
        body = bytes.fromhex(body.decode("ascii"))
    return image_fields(cbor.decode(body), now)


def image_fields(value: object, now: dt.datetime) -> ImageFields:
    """The image in a decoded map with text keys or integer keys; unknown keys are ignored."""
    if not isinstance(value, dict):
        raise PayloadError("The body must be one object with deviceId, timestamp and imageData.")
    return _checked(_named(value), lambda given: parse_moment(given, now))


def text_fields(given: Mapping[str, str], data: bytes, now: dt.datetime) -> ImageFields:
    """The image whose bytes came raw, and its other fields as text of a query or form."""
    known = {name: given[name] for name in (*REQUIRED[:2], "title", "sha256") if name in given}
    return _checked(known | {"imageData": data}, lambda text: parse_moment_text(str(text), now))


def decode_changes(media_type: str, body: bytes) -> dict[str, Any]:
    """The merge patch (RFC 7396) in a JSON or CBOR body: title, location and meta; None removes.

    PayloadError for other members, and for a title or location that is wrong; what a patch makes
    of meta is known only where it is merged.
    """
    value = cbor.decode(body) if media_type == CBOR else jsontext.decode(body)
    if not isinstance(value, dict):
        raise PayloadError("The patch must be an object.")
    changes: dict[str, Any] = {}
    for name, change in value.items():
        if name == "meta" and isinstance(change, dict | None):
            changes[name] = change
        elif name in CHANGEABLE:
            changes[name] = None if change is None else CHANGEABLE[name](change)
        elif name == "meta":
            raise PayloadError("meta must be an object, or null.", "/meta")
        else:
            raise PayloadError(f"{name} cannot be changed.", f"/{name}")
    return changes


def _named(value: Mapping[Any, Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for key, given in value.items():
        name = KEYS.get(key) if isinstance(key, int) else key
        if not isinstance(name, str):
            continue
        if name in named:
            raise PayloadError(f"{name} is given twice.", f"/{name}")
        named[name] = given
    return named


def _checked(given: Mapping[str, Any], moment: Callable[[object], Moment]) -> ImageFields:
    faults: list[FieldError] = []

    def check(name: str, reader: Callable[[Any], Any], default: Any = None) -> Any:
        if given.get(name) is None:
            if name in REQUIRED:
                faults.append(FieldError(f"/{name}", f"{name} is required."))
            return default
        try:
            return reader(given[name])
        except PayloadError as error:
            faults.extend(error.errors)
            return default

    image = ImageFields(
        device_id=check("deviceId", fields.device_id, ""),
        moment=check("timestamp", moment),
        data=check("imageData", fields.image_data, b""),
        media_type=check("mediaType", fields.media_type),
        title=check("title", fields.title, ""),
        location=check("location", fields.location),
        sha256=check("sha256", fields.sha256),
        meta=check("meta", fields.meta, {}),
    )
    if faults:
        raise FieldErrors(faults)
    return image
