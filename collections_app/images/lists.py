"""Lists of images: filters, paging by cursor, and the forms that a list comes in."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase as Response
from django.utils.encoding import escape_uri_path

from collections_app.images import queries
from collections_app.images.forms import archive, table
from collections_app.images.forms.pack import pack as senml_pack
from collections_app.images.forms.page import POLICY, to_html
from collections_app.images.models import Image
from collections_app.images.paths import COLLECTION
from collections_app.images.queries import Cursor, Filters, Near
from collections_app.images.representations import cursor, link, metadata, parse_cursor
from core_api.errors import BadRequest
from core_api.rest.conditional import etag_of, respond, respond_streamed
from core_api.rest.doors import door_of
from core_api.rest.negotiation import (
    CSV,
    HTML,
    JSON_LINES,
    LINK_FORMAT,
    NDJSON,
    OCTETS,
    SENML_CBOR,
    SENML_JSON,
    TAR,
    data_types,
    wanted,
)
from core_api.rest.paging import DEFAULT_LIMIT, next_page, page_size
from core_api.rest.query import Query
from core_api.rest.responses import encode
from core_api.wire.errors import field_error
from core_api.wire.linkformat import serialise
from core_api.wire.media import base_type
from core_api.wire.payload import device_id
from core_api.wire.times import parse_moment_text

PARAMETERS = ("deviceId", "from", "to", "title", "near", "limit", "after", "format", "data")
# How many images are not in a SenML pack because no SenML name can carry their device's.
LEFT_OUT = "Left-Out"
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


def list_response(request: HttpRequest, query: Query, device: str | None = None) -> Response:
    """One page of the list that the query describes, newest first; `device` is the path's."""
    query.only(PARAMETERS)
    media_type = list_type(request, query)
    after = parse_cursor(query["after"]) if "after" in query else None
    selection = Selection(_filters(request, query, device), page_size(query), after)
    return page_response(request, selection, media_type, query)


def list_type(request: HttpRequest, query: Query) -> str:
    """The media type of the list that the client wants; NotAcceptable where it has none."""
    media_type = wanted(request, query, (*data_types(request), *OTHER_TYPES))
    if "data" in query:
        if query["data"] not in ("0", "1"):
            raise BadRequest("data must be 0 or 1.", pointer="/data")
        if media_type not in (SENML_JSON, SENML_CBOR):
            raise BadRequest("data is of a list in SenML.", pointer="/data")
    return media_type


def page_response(
    request: HttpRequest, selection: Selection, media_type: str, query: Query
) -> Response:
    """The page in the media type; `query` is what describes the list in a GET of this path."""
    limit = selection.limit
    found = queries.page(selection.filters, limit + 1, selection.after)
    page = Page(request, query, found[:limit], len(found) > limit)
    response = _FORMS.get(media_type, _data)(page, media_type)
    response.observable = True  # type: ignore[attr-defined]
    return response


@dataclass(frozen=True, slots=True)
class Page:
    """The images of one page and what they were asked for with; `more` come behind them."""

    request: HttpRequest
    query: Query
    images: Sequence[Image]
    more: bool

    def following(self) -> str | None:
        """Where the next page is; None where this is the last."""
        if not self.more:
            return None
        path = escape_uri_path(self.request.path_info)
        return next_page(path, self.query, cursor(self.images[-1]))

    def headers(self, **others: str) -> dict[str, str]:
        """The Link to the next page, where there is one, and others."""
        following = self.following()
        return ({"Link": f'<{following}>; rel="next"'} if following else {}) | others

    def answer(self, body: bytes, media_type: str, **headers: str) -> HttpResponse:
        """The page's body, with its entity tag."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers = self.headers(**named)
        return respond(self.request, body, media_type, etag=etag_of(body), headers=all_headers)


def _data(page: Page, media_type: str) -> Response:
    return page.answer(encode([metadata(image) for image in page.images], media_type), media_type)


def _links(page: Page, media_type: str) -> Response:
    return page.answer(serialise([link(image) for image in page.images]).encode(), media_type)


def _senml(page: Page, media_type: str) -> Response:
    base = f"{door_of(page.request).origin}{COLLECTION}/"
    pack = senml_pack(page.images, media_type, base, data=page.query.get("data") == "1")
    if pack.taken < len(page.images):
        page = replace(page, images=page.images[: pack.taken], more=True)
    left_out = {LEFT_OUT: str(pack.left_out)} if pack.left_out else {}
    return page.answer(pack.body, media_type, **left_out)


def _csv(page: Page, media_type: str) -> Response:
    named = {"Content_Disposition": 'attachment; filename="images.csv"'}
    return page.answer(table.to_csv(page.images), f"{media_type};charset=utf-8", **named)


def _lines(page: Page, media_type: str) -> Response:
    return page.answer(table.to_lines(page.images), media_type)


def _tar(page: Page, media_type: str) -> Response:
    if door_of(page.request).constrained:
        _check_size(page.images)
    return respond_streamed(
        page.request,
        archive.pieces(page.images),
        media_type,
        etag=archive.etag(page.images),
        headers=page.headers() | {"Content-Disposition": 'attachment; filename="images.tar"'},
    )


def _check_size(images: Sequence[Image]) -> None:
    """What goes out over CoAP lies in memory as a whole."""
    if sum(image.blob.size for image in images) > settings.COAPTURE_MAX_BODY:
        detail = f"These images have more than {settings.COAPTURE_MAX_BODY} bytes; ask for fewer."
        raise BadRequest(detail, pointer="/limit")


def _html(page: Page, media_type: str) -> Response:
    body = to_html(page.images, page.query, page.following())
    return page.answer(body, f"{media_type};charset=utf-8", Content_Security_Policy=POLICY)


_FORMS: Mapping[str, Callable[[Page, str], Response]] = {
    LINK_FORMAT: _links,
    SENML_JSON: _senml,
    SENML_CBOR: _senml,
    CSV: _csv,
    JSON_LINES: _lines,
    NDJSON: _lines,
    TAR: _tar,
    HTML: _html,
}
# On a tie the first.
OTHER_TYPES = tuple(_FORMS)


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
        near=near(numbers(query["near"])) if "near" in query else None,
    )


def _moment(query: Query, name: str, now: dt.datetime) -> dt.datetime | None:
    return parse_moment_text(query[name], now, f"/{name}").instant if name in query else None


def numbers(text: str) -> object:
    """The numbers of "latitude,longitude,km"; text that is none stays, for its check to refuse."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return text
