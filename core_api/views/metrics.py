"""/metrics: what Prometheus reads."""

from django.http import HttpRequest, HttpResponse

from core_api.metrics import MEDIA_TYPE, text
from core_api.rest.conditional import etag_of, respond
from core_api.rest.dispatch import resource
from core_api.views.health import NEVER_KEEP


def _read(request: HttpRequest) -> HttpResponse:
    body = text()
    return respond(request, body, MEDIA_TYPE, etag=etag_of(body), headers=NEVER_KEEP)


metrics = resource(GET=_read)
