"""Conditional requests and ranges (RFC 9110 sections 13 and 14)."""

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date, parse_http_date_safe

from core_api.errors import PreconditionFailed, RangeNotSatisfiable

NOT_MODIFIED, PARTIAL = 304, 206
PIECE = 256 * 1024
READING = ("GET", "HEAD", "QUERY")

_TAG = re.compile(r'(?:W/)?"[^"]*"|\*')
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")


def etag_of(*parts: bytes) -> str:
    """A strong entity tag of 8 bytes, written as 16 hex digits."""
    return hashlib.blake2b(b"\0".join(parts), digest_size=8).hexdigest()


def tags(header: str | None) -> frozenset[str]:
    """The entity tags of If-Match or If-None-Match, without quotes; weak ones keep their W/."""
    found = _TAG.findall(header or "")
    return frozenset(tag.strip('"') if tag.startswith('"') else tag for tag in found)


def check_preconditions(request: HttpRequest, etags: Collection[str]) -> None:
    """PreconditionFailed unless If-Match and If-None-Match allow a change (RFC 9110 section 13.2).

    `etags` are those of the representations that are stored; none where nothing is.
    """
    wanted = request.META.get("HTTP_IF_MATCH")
    if wanted is not None and not _names(wanted, etags):
        raise PreconditionFailed("If-Match names another version.")
    unwanted = request.META.get("HTTP_IF_NONE_MATCH")
    if unwanted is not None and _names(unwanted, etags):
        raise PreconditionFailed("If-None-Match names what is stored.")


def _names(header: str, etags: Collection[str]) -> bool:
    named = tags(header)
    return bool(etags) and ("*" in named or not named.isdisjoint(etags))


def respond(
    request: HttpRequest,
    body: bytes,
    media_type: str,
    *,
    etag: str,
    modified: dt.datetime | None = None,
    headers: Mapping[str, str] | None = None,
    ranges: bool = False,
) -> HttpResponse:
    """The answer to a GET or HEAD: 304 where the client has it, 206 for a range, else 200."""
    plan = _plan(request, len(body), etag, modified, headers or {}, ranges=ranges)
    if plan.status == NOT_MODIFIED:
        return _unmodified(plan.headers)
    content = b"" if request.method == "HEAD" else body
    if plan.status == PARTIAL:
        content = body[plan.start : plan.end]
    return HttpResponse(content, status=plan.status, content_type=media_type, headers=plan.headers)


def respond_file(
    request: HttpRequest,
    file: IO[bytes],
    size: int,
    media_type: str,
    *,
    etag: str,
    modified: dt.datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    """As `respond`, with ranges, for a file of `size` bytes that is read piece by piece.

    The file is closed with the response.
    """
    with ExitStack() as unless_streamed:
        unless_streamed.callback(file.close)
        plan = _plan(request, size, etag, modified, headers or {}, ranges=True)
        if plan.status == NOT_MODIFIED:
            return _unmodified(plan.headers)
        if request.method == "HEAD":
            return HttpResponse(content_type=media_type, headers=plan.headers)
        unless_streamed.pop_all()
    return StreamingHttpResponse(
        _Span(file, plan.start, plan.end),
        status=plan.status,
        content_type=media_type,
        headers=plan.headers,
    )


def respond_streamed(
    request: HttpRequest,
    pieces: Iterable[bytes],
    media_type: str,
    *,
    etag: str,
    headers: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    """As `respond`, for a body that is made piece by piece, so that its length is not known."""
    plan = _plan(request, 0, etag, None, headers or {}, ranges=False)
    if plan.status == NOT_MODIFIED:
        return _unmodified(plan.headers)
    del plan.headers["Content-Length"]
    if request.method == "HEAD":
        return HttpResponse(content_type=media_type, headers=plan.headers)
    return StreamingHttpResponse(pieces, content_type=media_type, headers=plan.headers)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a GET is answered: bytes `start` to `end` of the representation, where it has any."""

    status: int
    headers: dict[str, str]
    start: int
    end: int


def _plan(
    request: HttpRequest,
    size: int,
    etag: str,
    modified: dt.datetime | None,
    headers: Mapping[str, str],
    *,
    ranges: bool,
) -> _Plan:
    wanted = request.META.get("HTTP_IF_MATCH")
    if wanted is not None and not _names(wanted, (etag,)):
        raise PreconditionFailed("If-Match names another version.")
    common = {"ETag": f'"{etag}"', "Vary": "Accept", **headers}
    if modified is not None:
        common["Last-Modified"] = http_date(modified.timestamp())
    if request.method in READING and is_fresh(request, etag, modified):
        return _Plan(NOT_MODIFIED, common, 0, 0)
    if ranges:
        common["Accept-Ranges"] = "bytes"
        span = _span(request, size, etag, modified)
        if span is not None:
            start, end = span
            common["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
            common["Content-Length"] = str(end - start)
            return _Plan(PARTIAL, common, start, end)
    common["Content-Length"] = str(size)
    return _Plan(200, common, 0, size)


class _Span:
    """The bytes of a file from `start` to `end`, piece by piece; the response closes it."""

    def __init__(self, file: IO[bytes], start: int, end: int) -> None:
        self._file = file
        self._start, self._end = start, end
        self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        left = self._end - self._start
        while left and (piece := self._file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def _unmodified(headers: Mapping[str, str]) -> HttpResponse:
    response = HttpResponse(status=304, headers=headers)
    del response["Content-Type"]
    return response


def is_fresh(request: HttpRequest, etag: str, modified: dt.datetime | None) -> bool:
    """Whether the client has this representation, so that its bytes need not be read."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is not None:
        # The comparison of If-None-Match is weak (RFC 9110 section 13.1.2).
        wanted = {tag.removeprefix("W/").strip('"') for tag in tags(header)}
        return "*" in wanted or etag in wanted
    asked = request.META.get("HTTP_IF_MODIFIED_SINCE")
    if asked is None or modified is None:
        return False
    since = parse_http_date_safe(asked)
    return since is not None and int(modified.timestamp()) <= since


def _span(
    request: HttpRequest, size: int, etag: str, modified: dt.datetime | None
) -> tuple[int, int] | None:
    """Start and end of the one range that is asked for; None for the whole (RFC 9110 14.2)."""
    match = _RANGE.match(request.META.get("HTTP_RANGE", ""))
    if match is None or request.method != "GET" or not _if_range(request, etag, modified):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size or start >= end:
        raise RangeNotSatisfiable(size)
    return start, end


def _if_range(request: HttpRequest, etag: str, modified: dt.datetime | None) -> bool:
    header = request.META.get("HTTP_IF_RANGE")
    if header is None:
        return True
    if header.startswith('"'):
        return bool(header == f'"{etag}"')
    date = parse_http_date_safe(header)
    return date is not None and modified is not None and int(modified.timestamp()) == date
