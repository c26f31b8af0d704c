"""How a client wants a process to be executed: Prefer (RFC 7240), Idempotency-Key.

CoAP has no such headers: there `wait=` and `idempotency-key=` stand in the query, over HTTP too.
"""

import re
from dataclasses import dataclass

from django.http import HttpRequest

from core_api.errors import BadRequest
from core_api.rest.query import Query

MAX_WAIT = 10
WAIT, KEY = "wait", "idempotency-key"
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Preferences:
    """`wait` in seconds, 0 where the answer shall not wait for the result, at most MAX_WAIT."""

    wait: int = 0
    respond_async: bool = False

    def applied(self, *, waited: bool) -> dict[str, str]:
        """The header that says which of them were honoured (RFC 7240 section 3)."""
        names = [f"{WAIT}={self.wait}"] if waited else []
        if self.respond_async:
            names.append("respond-async")
        return {"Preference-Applied": ", ".join(names)} if names else {}


def preferences(request: HttpRequest, query: Query) -> Preferences:
    """The preferences of a request; those of the header that are malformed are ignored."""
    preferred: dict[str, str] = {}
    for part in request.META.get("HTTP_PREFER", "").split(","):
        name, _, value = part.partition(";")[0].partition("=")
        # The first of the same name counts (RFC 7240 section 2).
        preferred.setdefault(name.strip().lower(), value.strip().strip('"'))
    if WAIT in query and not _NUMBER.fullmatch(query[WAIT]):
        raise BadRequest("wait must be a number of seconds.", pointer=f"/{WAIT}")
    wait = query.get(WAIT, preferred.get(WAIT, ""))
    seconds = int(wait) if _NUMBER.fullmatch(wait) else 0
    return Preferences(min(seconds, MAX_WAIT), "respond-async" in preferred)


def idempotency_key(request: HttpRequest, query: Query) -> str | None:
    """The key that the request comes with; its quotes, as of a structured field, are not of it."""
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY", query.get(KEY))
    if key is None:
        return None
    if len(key) > 1 and key.startswith('"') and key.endswith('"'):
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        raise BadRequest("An Idempotency-Key has 1 to 255 printable ASCII characters.")
    return key
