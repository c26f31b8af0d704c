"""/openapi.json and /docs."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerView

from core_api.rest.conditional import etag_of, respond
from core_api.rest.dispatch import resource
from core_api.rest.negotiation import HTML, JSON
from core_api.wire import jsontext

_swagger = SpectacularSwaggerView.as_view(url_name="schema")


@cache
def _document() -> bytes:
    """The description; the routes do not change while the process runs."""
    generator: Any = SchemaGenerator
    return jsontext.encode(generator().get_schema(request=None, public=True))


def _openapi(request: HttpRequest) -> HttpResponse:
    return respond(request, _document(), JSON, etag=etag_of(_document()))


@cache
def _page() -> bytes:
    """Swagger UI around the description: the same page for everybody, for it knows no session."""
    request = HttpRequest()
    request.method = "GET"
    request.META |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    page: bytes = _swagger(request).render().content
    return page


def _docs(request: HttpRequest) -> HttpResponse:
    return respond(request, _page(), HTML, etag=etag_of(_page()))


openapi = resource(GET=_openapi)
docs = resource(GET=_docs)
