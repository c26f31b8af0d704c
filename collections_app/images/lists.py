"""Lists of images: filters, paging by cursor, and the forms that a list comes in."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from collections_app.images import queries
from collections_app.images.models import Image
from collections_app.images.queries import Cursor, Filters, Near
from collections_app.images.representations import cursor, link, metadata, parse_cursor
from core_api.rest.conditional import etag_of, respond
from core_api.rest.doors import door_of
from core_api.rest.negotiation import LINK_FORMAT, OCTETS, data_types, wanted
from core_api.rest.paging import DEFAULT_LIMIT, next_link, page_size
from core_api.rest.query import Query
from core_api.rest.responses import encode
from core_api.wire.errors import field_error
from core_api.wire.linkformat import serialise
from core_api.wire.media import base_type
from core_api.wire.payload import device_id
from core_api.wire.times import parse_moment_text

PARAMETERS = ("deviceId", "from", "to", "title", "near", "limit", "after", "format")
_MAX_KM = 20_040.0


@dataclass(frozen=True, slots=True)
class Selection:
    """One page of a list: which images, how many at most, and the place that it begins after."""

    filters: Filters
    limit: int = DEFAULT_LIMIT
    after: Cursor | None = None


def is_asked_for(request: HttpRequest, query: Query) -> bool:
    """Whether the client asks for a list: by `format=`, or by naming a type that is no image."""
    if "format" in query:
        return True
    ranges = (base_type(part) for part in request.META.get("HTTP_ACCEPT", "").split(","))
    return any(
        "/" in name and name not in ("*/*", OCTETS) and not name.startswith("image/")
        for name in ranges
    )


def list_response(request: HttpRequest, query: Query, device: str | None = None) -> HttpResponse:
    """One page of the list that the query describes, newest first; `device` is the path's."""
    query.only(PARAMETERS)
    media_type = list_type(request, query)
    after = parse_cursor(query["after"]) if "after" in query else None
    selection = Selection(_filters(request, query, device), page_size(query), after)
    return page_response(request, selection, media_type, query)


def list_type(request: HttpRequest, query: Query) -> str:
    """The media type of the list that the client wants; NotAcceptable where it has none."""
    return wanted(request, query, (*data_types(request), LINK_FORMAT))


def page_response(
    request: HttpRequest, selection: Selection, media_type: str, query: Query
) -> HttpResponse:
    """The page in the media type; `query` is what describes the list in a GET of this path."""
    limit = selection.limit
    images = queries.page(selection.filters, limit + 1, selection.after)
    body = _encode(images[:limit], media_type)
    headers = {}
    if len(images) > limit:
        path = escape_uri_path(request.path_info)
        headers["Link"] = next_link(path, query, cursor(images[limit - 1]))
    response = respond(request, body, media_type, etag=etag_of(body), headers=headers)
    response.observable = True  # type: ignore[attr-defined]
    return response


def _encode(images: Sequence[Image], media_type: str) -> bytes:
    if media_type == LINK_FORMAT:
        return serialise([link(image) for image in images]).encode()
    return encode([metadata(image) for image in images], media_type)


def near(value: object) -> Near:
    """The circle that three numbers name: [latitude, longitude, km]; FieldErrors at /near."""
    if not (isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))):
        raise field_error("/near", "must be latitude, longitude and km")
    latitude, longitude, km = value
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= km <= _MAX_KM):
        raise field_error("/near", "is out of range")
    return Near(float(latitude), float(longitude), float(km))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _filters(request: HttpRequest, query: Query, device: str | None) -> Filters:
    now = door_of(request).received
    named = query.get("deviceId", device)
    return Filters(
        device_id=None if named is None else device_id(named),
        since=_moment(query, "from", now),
        until=_moment(query, "to", now),
        title=query.get("title"),
        near=near(_numbers(query["near"])) if "near" in query else None,
    )


def _moment(query: Query, name: str, now: dt.datetime) -> dt.datetime | None:
    return parse_moment_text(query[name], now, f"/{name}").instant if name in query else None


def _numbers(text: str) -> object:
    """The numbers of "latitude,longitude,km"; text that is none stays, for its check to refuse."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return text
