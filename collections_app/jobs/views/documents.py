"""One value as JSON or CBOR, as every resource of this room answers a GET."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from core_api.rest.conditional import etag_of, respond
from core_api.rest.negotiation import data_type, data_types, wanted
from core_api.rest.query import Query
from core_api.rest.responses import encode

FORMAT = "format"


def answered(
    request: HttpRequest, query: Query, value: object, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The answer to a GET: the value in the format that the client wants, with its ETag."""
    media_type = wanted(request, query, data_types(request))
    body = encode(value, media_type)
    return respond(request, body, media_type, etag=etag_of(body), headers=headers)


def changed_type(request: HttpRequest, query: Query) -> str:
    """The format of the answer to what has changed something: it does not fail for an Accept."""
    if FORMAT in query:
        return wanted(request, query, data_types(request))
    return data_type(request)
