"""The list by QUERY (RFC 10008), which is CoAP's FETCH (RFC 8132): its filters are the body."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from collections_app.images.lists import Selection, list_type, near, page_response
from collections_app.images.queries import Cursor, Filters
from collections_app.images.representations import parse_cursor
from core_api.errors import UnsupportedMediaType
from core_api.rest.bodies import read_body
from core_api.rest.doors import door_of
from core_api.rest.negotiation import CBOR, JSON
from core_api.rest.paging import DEFAULT_LIMIT, MAX_LIMIT
from core_api.rest.query import Query, query_of
from core_api.wire import cbor, jsontext, payload
from core_api.wire.errors import FieldErrors, PayloadError, field_error, pointer_to
from core_api.wire.media import base_type
from core_api.wire.negotiate import format_media_type
from core_api.wire.problem import FieldError
from core_api.wire.times import parse_moment, to_rfc3339

QUERIES = (JSON, CBOR)
# In CBOR these stand for the names; deviceId and title have the numbers that they have in an image.
KEYS: Mapping[int, str] = {
    1: "deviceId",
    5: "title",
    9: "from",
    10: "to",
    11: "near",
    12: "limit",
    13: "after",
}
_NAMES: Mapping[object, str] = dict(KEYS) | {name: name for name in KEYS.values()}
_FORMATS = {
    format_media_type(name): name
    for name in ("json", "cbor", "link", "senml", "csv", "jsonl", "tar", "html")
}

# Of the keys that nobody knows so many are named, and so much of each.
_MAX_NAMED = 10
_MAX_NAME = 100


def list_response(request: HttpRequest, device_id: str | None = None) -> HttpResponseBase:
    """One page of the list that the body describes, newest first; `device_id` is the path's.

    Its Link leads to the next page by GET. Raises UnsupportedMediaType, NotAcceptable, BadRequest,
    and FieldErrors with every filter that is wrong.
    """
    options = query_of(request).only(("format", "data"))
    media_type = list_type(request, options)
    members = _members(_decoded(request))
    if device_id is not None:
        if "deviceId" in members:
            raise field_error("/deviceId", "is named by the path already")
        members["deviceId"] = device_id
    selection = _selection(members, door_of(request).received)
    query = _query(selection, in_path=device_id is not None)
    if media_type in _FORMATS:
        query["format"] = _FORMATS[media_type]
    if "data" in options:
        query["data"] = options["data"]
    return page_response(request, selection, media_type, query)


def _decoded(request: HttpRequest) -> object:
    media_type = base_type(request.META.get("CONTENT_TYPE") or "")
    if media_type not in QUERIES:
        detail = "The filters come as JSON or CBOR, and the request says which."
        raise UnsupportedMediaType(detail, QUERIES, header="Accept-Query")
    body = read_body(request)
    return cbor.decode(body) if media_type == CBOR else jsontext.decode(body)


def _members(value: object) -> dict[str, object]:
    """The members of a map by name; one that is null counts as none.

    A filter that is not known is refused, for without it the list would be another.
    """
    if not isinstance(value, dict):
        raise PayloadError("This must be a map of filters.")
    unknown = [str(key)[:_MAX_NAME] for key in value if key not in _NAMES]
    if unknown:
        known = f"is not known here; there are {', '.join(KEYS.values())}"
        raise FieldErrors([FieldError(pointer_to(key), known) for key in unknown[:_MAX_NAMED]])
    members: dict[str, object] = {}
    for key, member in value.items():
        name = _NAMES[key]
        if name in members:
            raise field_error(pointer_to(name), "is given twice, by name and by number")
        members[name] = member
    return {name: member for name, member in members.items() if member is not None}


def _limit(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_LIMIT:
        return value
    raise field_error("/limit", f"must be a number from 1 to {MAX_LIMIT}")


def _after(value: object) -> Cursor:
    if isinstance(value, str):
        return parse_cursor(value)
    raise field_error("/after", "must be text")


_READERS: Mapping[str, Callable[[object, dt.datetime], object]] = {
    "deviceId": lambda value, _: payload.device_id(value),
    "from": lambda value, now: parse_moment(value, now, "/from").instant,
    "to": lambda value, now: parse_moment(value, now, "/to").instant,
    "title": lambda value, _: payload.title(value),
    "near": lambda value, _: near(value),
    "limit": lambda value, _: _limit(value),
    "after": lambda value, _: _after(value),
}


def _selection(members: Mapping[str, object], now: dt.datetime) -> Selection:
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, member in members.items():
        try:
            values[name] = _READERS[name](member, now)
        except FieldErrors as error:
            errors.extend(error.errors)
    if errors:
        raise FieldErrors(errors)
    filters = Filters(
        device_id=values.get("deviceId"),
        since=values.get("from"),
        until=values.get("to"),
        title=values.get("title"),
        near=values.get("near"),
    )
    return Selection(filters, values.get("limit", DEFAULT_LIMIT), values.get("after"))


def _query(selection: Selection, *, in_path: bool) -> Query:
    """The filters as the query of a GET has them; a time that was relative is fixed by now."""
    filters = selection.filters
    query = Query()
    if filters.device_id is not None and not in_path:
        query["deviceId"] = filters.device_id
    if filters.since is not None:
        query["from"] = to_rfc3339(filters.since)
    if filters.until is not None:
        query["to"] = to_rfc3339(filters.until)
    if filters.title is not None:
        query["title"] = filters.title
    if filters.near is not None:
        query["near"] = f"{filters.near.latitude},{filters.near.longitude},{filters.near.km}"
    query["limit"] = str(selection.limit)
    return query
