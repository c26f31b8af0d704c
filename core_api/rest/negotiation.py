"""Which representation a client gets: `format=` in the query, then Accept, then the door's own."""

from collections.abc import Sequence

from django.http import HttpRequest

from core_api.errors import BadRequest, NotAcceptable
from core_api.rest.doors import door_of
from core_api.rest.query import Query
from core_api.wire.negotiate import choose, format_media_type

JSON = "application/json"
CBOR = "application/cbor"
LINK_FORMAT = "application/link-format"
OCTETS = "application/octet-stream"
SENML_CBOR = "application/senml+cbor"
SENML_JSON = "application/senml+json"
HTML = "text/html"
CSV = "text/csv"
JSON_LINES = "application/jsonl"
NDJSON = "application/x-ndjson"
TAR = "application/x-tar"


def wanted(request: HttpRequest, query: Query, offers: Sequence[str]) -> str:
    """The media type to answer with, one of `offers`; on a tie the first.

    Raises NotAcceptable (406) where none fits and BadRequest for a format that is not known.
    """
    name = query.get("format")
    if name is None:
        media_type = choose(request.META.get("HTTP_ACCEPT"), offers)
    else:
        media_type = format_media_type(name)
        if media_type is None:
            raise BadRequest(f"There is no format {name!r}.", pointer="/format")
    if media_type is None or media_type not in offers:
        raise NotAcceptable(offers)
    return media_type


def data_types(request: HttpRequest) -> tuple[str, str]:
    """JSON and CBOR, first the one that this door gives unasked."""
    return (CBOR, JSON) if door_of(request).constrained else (JSON, CBOR)


def data_type(request: HttpRequest) -> str:
    """JSON or CBOR for an answer that must not fail: what Accept prefers, else the door's own."""
    offers = data_types(request)
    return choose(request.META.get("HTTP_ACCEPT"), offers) or offers[0]
