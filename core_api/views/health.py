"""/healthz says that the process answers, /readyz that every part is up."""

from django.http import HttpRequest, HttpResponse

from core_api import health
from core_api.errors import ServiceUnavailable
from core_api.rest.conditional import etag_of, respond
from core_api.rest.dispatch import resource
from core_api.rest.negotiation import data_type
from core_api.rest.responses import encode

TEXT = "text/plain;charset=utf-8"
NEVER_KEEP = {"Cache-Control": "no-store"}


def _live(request: HttpRequest) -> HttpResponse:
    return respond(request, b"ok\n", TEXT, etag=etag_of(b"ok"), headers=NEVER_KEEP)


def _ready(request: HttpRequest) -> HttpResponse:
    parts = health.parts()
    faults = [f"{part} is {state}" for part, state in parts.items() if state != health.UP]
    if faults:
        raise ServiceUnavailable(f"Not ready: {', '.join(faults)}.")
    media_type = data_type(request)
    body = encode({"status": "ready", "parts": parts}, media_type)
    return respond(request, body, media_type, etag=etag_of(body), headers=NEVER_KEEP)


healthz = resource(GET=_live)
readyz = resource(GET=_ready)
