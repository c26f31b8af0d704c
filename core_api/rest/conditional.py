"""Conditional requests and ranges (RFC 9110 sections 13 and 14)."""

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date, parse_http_date_safe

from core_api.errors import PreconditionFailed, RangeNotSatisfiable

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
    wanted = request.META.get("HTTP_IF_MATCH")
    if wanted is not None and not _names(wanted, (etag,)):
        raise PreconditionFailed("If-Match names another version.")
    common = {"ETag": f'"{etag}"', "Vary": "Accept", **(headers or {})}
    if modified is not None:
        common["Last-Modified"] = http_date(modified.timestamp())
    if _fresh(request, etag, modified):
        return _unmodified(common)
    if ranges:
        common["Accept-Ranges"] = "bytes"
        span = _span(request, len(body), etag, modified)
        if span is not None:
            start, end = span
            common["Content-Range"] = f"bytes {start}-{end - 1}/{len(body)}"
            return HttpResponse(
                body[start:end], status=206, content_type=media_type, headers=common
            )
    common["Content-Length"] = str(len(body))
    content = b"" if request.method == "HEAD" else body
    return HttpResponse(content, content_type=media_type, headers=common)


def _unmodified(headers: Mapping[str, str]) -> HttpResponse:
    response = HttpResponse(status=304, headers=headers)
    del response["Content-Type"]
    return response


def _fresh(request: HttpRequest, etag: str, modified: dt.datetime | None) -> bool:
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is not None:
        # The comparison of If-None-Match is weak (RFC 9110 section 13.1.2).
        wanted = {tag.removeprefix("W/").strip('"') for tag in tags(header)}
        return "*" in wanted or etag in wanted
    since = parse_http_date_safe(request.META.get("HTTP_IF_MODIFIED_SINCE", ""))
    return since is not None and modified is not None and int(modified.timestamp()) <= since


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
