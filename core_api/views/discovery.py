"""/.well-known/core and /collections."""

from django.http import HttpRequest, HttpResponse

from core_api import discovery
from core_api.rest.conditional import respond
from core_api.rest.dispatch import resource
from core_api.rest.query import pairs


def _get(request: HttpRequest) -> HttpResponse:
    query = pairs(request.META.get("QUERY_STRING", ""))
    found = discovery.answer(request.path_info, query, request.META.get("HTTP_ACCEPT"))
    return respond(request, found.body, found.media_type, etag=found.etag)


document = resource(GET=_get)
