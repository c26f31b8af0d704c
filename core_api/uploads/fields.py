"""The fields of draft-ietf-httpbis-resumable-upload (Structured Fields, RFC 9651).

A value of another type makes a field count as missing.
"""

import re

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from core_api.uploads.services import State

PARTIAL = "application/partial-upload"
COMPLETE, OFFSET = "Upload-Complete", "Upload-Offset"
LENGTH, LIMIT = "Upload-Length", "Upload-Limit"
YES, NO = "?1", "?0"

_PARAMETERS = r" *(?:;.*)?"
_BOOLEAN = re.compile(rf"\?([01]){_PARAMETERS}")
_INTEGER = re.compile(rf"(\d{{1,15}}){_PARAMETERS}")


def complete(request: HttpRequest) -> bool | None:
    """Whether the body is the rest of the upload; None where the client says nothing of it."""
    found = _BOOLEAN.fullmatch(request.headers.get(COMPLETE, ""))
    return None if found is None else found[1] == "1"


def offset(request: HttpRequest) -> int | None:
    """Where in the upload the body begins, in bytes."""
    return _integer(request, OFFSET)


def length(request: HttpRequest) -> int | None:
    """Bytes of the whole upload."""
    return _integer(request, LENGTH)


def limits(seconds: float) -> str:
    """What an upload may be, and how long it lives if nothing more comes."""
    return f"max-size={settings.COAPTURE_MAX_BODY}, max-age={max(0, round(seconds))}"


def of(state: State) -> dict[str, str]:
    """The fields that tell how far an upload is."""
    left = (state.expires - timezone.now()).total_seconds()
    fields = {COMPLETE: NO, OFFSET: str(state.received), LIMIT: limits(left)}
    if state.length is not None:
        fields[LENGTH] = str(state.length)
    return fields | {"Cache-Control": "no-store"}


def _integer(request: HttpRequest, name: str) -> int | None:
    found = _INTEGER.fullmatch(request.headers.get(name, ""))
    return None if found is None else int(found[1])
