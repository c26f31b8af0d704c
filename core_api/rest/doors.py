"""Through which door a request came, and who is asking: set by the server, never by a header."""

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Door:
    """One request's way in.

    `name` is "http" or "coap"; `peer` the address that asks; `received` the server's clock (UTC)
    when its first byte or block arrived; `origin` the scheme and authority that it came to, such
    as "coap://[::1]:5683".
    """

    name: str
    peer: str
    received: dt.datetime
    origin: str = ""

    @property
    def constrained(self) -> bool:
        """Whether the client is a CoAP endpoint, which gets CBOR unless it asks otherwise."""
        return self.name == "coap"


def door_of(request: HttpRequest) -> Door:
    """The door of a request; one that no gateway marked came over HTTP, now."""
    door = getattr(request, "door", None)
    if door is None:
        origin = f"{request.scheme}://{request.META.get('HTTP_HOST', '')}"
        door = Door("http", request.META.get("REMOTE_ADDR", ""), timezone.now(), origin)
        request.door = door  # type: ignore[attr-defined]
    return door
