"""Lists of images: filters, paging by cursor, and the forms that a list comes in."""

import datetime as dt
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from collections_app.images import queries
from collections_app.images.models import Image
from collections_app.images.queries import Filters, Near
from collections_app.images.representations import cursor, link, metadata, parse_cursor
from core_api.errors import BadRequest
from core_api.rest.conditional import etag_of, respond
from core_api.rest.doors import door_of
from core_api.rest.negotiation import LINK_FORMAT, OCTETS, data_types, wanted
from core_api.rest.paging import next_link, page_size
from core_api.rest.query import Query
from core_api.rest.responses import encode
from core_api.wire.linkformat import serialise
from core_api.wire.media import base_type
from core_api.wire.payload import device_id
from core_api.wire.times import parse_moment_text

PARAMETERS = ("deviceId", "from", "to", "title", "near", "limit", "after", "format")
_MAX_KM = 20_040.0


def is_asked_for(request: HttpRequest, query: Query) -> bool:
    """Whether the client asks for a list: by `format=`, or by naming a type that is no image."""
    if "format" in query:
        return True
    ranges = (base_type(part) for part in request.META.get("HTTP_ACCEPT", "").split(","))
    return any(
        "/" in name and name not in ("*/*", OCTETS) and not name.startswith("image/")
        for name in ranges
    )


def list_response(request: HttpRequest, query: Query) -> HttpResponse:
    """One page of the list that the query describes, newest first."""
    query.only(PARAMETERS)
    media_type = wanted(request, query, (*data_types(request), LINK_FORMAT))
    limit = page_size(query)
    after = parse_cursor(query["after"]) if "after" in query else None
    images = queries.page(_filters(request, query), limit + 1, after)
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


def _filters(request: HttpRequest, query: Query) -> Filters:
    now = door_of(request).received
    return Filters(
        device_id=device_id(query["deviceId"]) if "deviceId" in query else None,
        since=_moment(query, "from", now),
        until=_moment(query, "to", now),
        title=query.get("title"),
        near=_near(query["near"]) if "near" in query else None,
    )


def _moment(query: Query, name: str, now: dt.datetime) -> dt.datetime | None:
    return parse_moment_text(query[name], now, f"/{name}").instant if name in query else None


def _near(text: str) -> Near:
    try:
        latitude, longitude, km = (float(part) for part in text.split(","))
    except ValueError:
        raise BadRequest("near is latitude,longitude,km.", pointer="/near") from None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= km <= _MAX_KM):
        raise BadRequest("near is out of range.", pointer="/near")
    return Near(latitude, longitude, km)
