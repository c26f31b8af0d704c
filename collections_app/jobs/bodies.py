"""The body of an execution: JSON or CBOR, as every database keeps it as JSON."""

import base64
import math
import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from core_api.errors import UnsupportedMediaType
from core_api.rest.bodies import read_body
from core_api.rest.negotiation import CBOR, JSON
from core_api.wire import cbor, jsontext
from core_api.wire.errors import PayloadError
from core_api.wire.media import base_type
from core_api.wire.times import EpochTime

POSTS = (JSON, CBOR)
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def executed(request: HttpRequest) -> Any:
    """The decoded body; None where there is none.

    Raises UnsupportedMediaType, and PayloadError for what is not of its type or no JSON can carry.
    """
    media_type = base_type(request.META.get("CONTENT_TYPE") or "")
    if media_type not in POSTS:
        body = b"" if media_type else read_body(request)
        if not media_type and not body:
            return None
        raise UnsupportedMediaType("An execution comes as JSON or CBOR.", POSTS)
    body = read_body(request)
    if not body:
        return None
    return storable(cbor.decode(body) if media_type == CBOR else jsontext.decode(body))


def storable(value: Any) -> Any:
    """A decoded JSON or CBOR value as JSON that every database keeps.

    Byte strings become base64 text and the times of CBOR's tag 1 their numbers. PayloadError for
    what JSON cannot carry.
    """
    convert = _STORABLE.get(type(value))
    return value if convert is None else convert(value)


def _text(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise PayloadError("Text must not have U+0000 or lone surrogates.")
    return text


def _number(number: float) -> float:
    if not math.isfinite(number):
        raise PayloadError("A number must be finite.")
    return number


def _integer(number: int) -> int:
    # Beyond this, readers of JSON disagree (RFC 8259 section 6), and msgspec writes none.
    if not -(2**63) <= number < 2**64:
        raise PayloadError("An integer must have at most 64 bits.")
    return number


def _members(members: dict[Any, Any]) -> dict[str, Any]:
    if not all(isinstance(name, str) for name in members):
        raise PayloadError("The names of members must be text.")
    return {_text(name): storable(member) for name, member in members.items()}


_STORABLE: dict[type, Callable[[Any], Any]] = {
    str: _text,
    float: _number,
    int: _integer,
    bytes: lambda data: base64.b64encode(data).decode(),
    EpochTime: lambda time: storable(time.seconds),
    list: lambda items: [storable(item) for item in items],
    dict: _members,
}
