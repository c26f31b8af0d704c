"""Reading a request's body to its end, under our own limit."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError

from core_api.errors import BadRequest, PayloadTooLarge

PIECE = 256 * 1024


def read_body(request: HttpRequest) -> bytes:
    """The whole body; PayloadTooLarge before anything is buffered when its length says so.

    A chunked body has no length: Django would see it as empty, so the server's stream is read.
    """
    limit = settings.COAPTURE_MAX_BODY
    announced = request.META.get("CONTENT_LENGTH") or ""
    if announced.isdecimal() and int(announced) > limit:
        raise PayloadTooLarge(limit)
    stream = stream_of(request)
    pieces, size = [], 0
    try:
        while piece := stream.read(min(PIECE, limit + 1 - size)):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise PayloadTooLarge(limit)
    except (OSError, UnreadablePostError):
        raise BadRequest("The body ended early.") from None
    if announced.isdecimal() and size < int(announced):
        raise BadRequest(f"The body ended early, after {size} of {announced} bytes.")
    return b"".join(pieces)


def stream_of(request: HttpRequest) -> Any:
    """What the body is to be read from, whether its length was announced or not."""
    environ = getattr(request, "environ", None)
    chunked = not request.META.get("CONTENT_LENGTH")
    if environ is not None and chunked and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", ""):
        return environ["wsgi.input"]
    return request


def read_form(request: HttpRequest, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields and the files of a multipart/form-data body (RFC 7578), the last of each name."""
    from io import BytesIO

    meta = request.META | {"CONTENT_LENGTH": str(len(body))}
    fields: Any
    files: Any
    try:
        parser = MultiPartParser(meta, BytesIO(body), request.upload_handlers, "utf-8")
        fields, files = parser.parse()
    except MultiPartParserError as error:
        raise BadRequest(f"The form is malformed: {error}.") from None
    return (
        {name: str(fields[name]) for name in fields},
        {name: files[name].read() for name in files},
    )
