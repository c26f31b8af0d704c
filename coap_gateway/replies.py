"""What is answered: Django's response in CoAP's terms, and that as a message."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

from aiocoap import Message
from aiocoap.numbers import ContentFormat
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from core_api.wire.codes import response_code
from core_api.wire.media import content_format

NOT_MODIFIED = 304
TOO_LARGE = 413
ETAG_BYTES = range(1, 9)


@dataclass(frozen=True, slots=True)
class Reply:
    """A response before it is cut into messages; the fields are CoAP's code, payload and options.

    `observable` says that an observation may stand on it.
    """

    code: int
    payload: bytes = b""
    content_format: int | None = None
    etag: bytes | None = None
    location_path: tuple[str, ...] = ()
    location_query: tuple[str, ...] = ()
    max_age: int | None = None
    size1: int | None = None
    observable: bool = False

    @property
    def is_success(self) -> bool:
        """Whether the code is one of 2.xx."""
        return self.code >> 5 == 2

    @property
    def is_server_error(self) -> bool:
        """Whether the code is one of 5.xx: the same request may do better later."""
        return self.code >> 5 == 5


def reply_to(method: str, response: HttpResponseBase, max_body: int) -> Reply:
    """Django's response to an HTTP method; `max_body` is the Size1 of a 4.13.

    A streaming response is read to its end. Types without a content-format number are 42.
    """
    path, query = location(response.get("Location", ""))
    media_type = response.get("Content-Type", "")
    return Reply(
        code=response_code(response.status_code, method),
        payload=body_of(response),
        content_format=content_format(media_type) if media_type else None,
        etag=etag(response.get("ETag", "")),
        location_path=path,
        location_query=query,
        max_age=max_age(response),
        size1=max_body if response.status_code == TOO_LARGE else None,
        observable=bool(getattr(response, "observable", False)),
    )


def message(reply: Reply) -> Message:
    """The reply as one message, its payload whole."""
    answer = Message(code=reply.code, payload=reply.payload)
    options = answer.opt
    if reply.etag is not None:
        options.etag = reply.etag
    if reply.content_format is not None:
        options.content_format = ContentFormat(reply.content_format)
    if reply.max_age is not None:
        options.max_age = reply.max_age
    if reply.size1 is not None:
        options.size1 = reply.size1
    if reply.location_path:
        options.location_path = reply.location_path
    if reply.location_query:
        options.location_query = reply.location_query
    return answer


def body_of(response: HttpResponseBase) -> bytes:
    """The whole body."""
    if isinstance(response, StreamingHttpResponse):
        return b"".join(cast("Iterable[bytes]", response.streaming_content))
    return cast("HttpResponse", response).content


def etag(header: str) -> bytes | None:
    """The bytes of a strong entity tag that is written in hex; None for any other."""
    try:
        value = bytes.fromhex(header.removeprefix('"').removesuffix('"'))
    except ValueError:
        return None
    return value if len(value) in ETAG_BYTES else None


def payload_etag(payload: bytes) -> bytes:
    """An entity tag of 8 bytes for a payload that has none."""
    return hashlib.blake2b(payload, digest_size=8).digest()


def location(reference: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The Location-Path and Location-Query of a URI reference (RFC 7252 section 5.10.7)."""
    parts = urlsplit(reference)
    path = tuple(unquote(segment) for segment in parts.path.split("/")[1:])
    query = tuple(unquote(item) for item in parts.query.split("&") if item)
    return path, query


def max_age(response: HttpResponseBase) -> int | None:
    """Seconds from Retry-After or Cache-Control; None, which is CoAP's 60, where neither says."""
    retry_after = response.get("Retry-After", "")
    if retry_after.isdecimal():
        return int(retry_after)
    for directive in response.get("Cache-Control", "").split(","):
        name, _, value = directive.strip().lower().partition("=")
        if name in ("no-store", "no-cache"):
            return 0
        if name == "max-age" and value.isdecimal():
            return int(value)
    return None
