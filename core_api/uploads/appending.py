"""A request's body becomes a part of an upload, piece by piece, so that a broken one counts."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from core_api.errors import PayloadTooLarge
from core_api.rest.bodies import stream_of
from core_api.uploads import fields, services
from core_api.uploads.errors import EndedEarly, LengthMismatch, OffsetMismatch
from core_api.uploads.files import UploadFile

# What of a body that breaks off may be lost.
PIECE = 16 * 1024


def append(request: HttpRequest, upload_id: str, offset: int) -> int:
    """Append the body at the offset; where it ends.

    OffsetMismatch where the upload does not end there, LengthMismatch or PayloadTooLarge where it
    would become too long; what came before stays. Between two pieces others may have the upload:
    a request that stalls does not keep its client from going on with another.
    """
    _check(request, upload_id, offset)
    for piece in _pieces(request):
        with services.opened(upload_id) as file:
            _check_place(file, offset)
            _check_end(file, offset + len(piece))
            services.append(file, piece)
        offset += len(piece)
    return offset


def _check(request: HttpRequest, upload_id: str, offset: int) -> None:
    """The request against the upload, before anything of its body is read."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    end = offset + int(announced) if announced.isdecimal() else None
    ends = [fields.length(request), end if fields.complete(request) else None]
    with services.opened(upload_id) as file:
        _check_place(file, offset)
        for length in (one for one in ends if one is not None):
            _announce(file, length)
        _check_end(file, end or offset)


def _announce(file: UploadFile, length: int) -> None:
    if length > settings.COAPTURE_MAX_BODY:
        raise PayloadTooLarge(settings.COAPTURE_MAX_BODY)
    if file.announced is None and length >= file.size:
        file.announce(length)
    if file.announced != length:
        raise LengthMismatch


def _check_place(file: UploadFile, offset: int) -> None:
    if file.size != offset:
        raise OffsetMismatch(file.size, offset)


def _check_end(file: UploadFile, end: int) -> None:
    if end > settings.COAPTURE_MAX_BODY:
        raise PayloadTooLarge(settings.COAPTURE_MAX_BODY)
    if file.announced is not None and end > file.announced:
        raise LengthMismatch


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes; EndedEarly where it does, after all that came."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    stream, size = stream_of(request), 0
    try:
        while piece := stream.read(PIECE):
            size += len(piece)
            yield piece
    except (OSError, UnreadablePostError):
        raise EndedEarly("The body ended early.") from None
    if announced.isdecimal() and size < int(announced):
        raise EndedEarly(f"The body ended early, after {size} of {announced} bytes.")
