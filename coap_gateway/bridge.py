"""From a CoAP request to Django's handler and back, in threads of the gateway's own."""

import asyncio
import logging
from functools import cached_property, partial
from typing import BinaryIO

from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpRequest, QueryDict

from coap_gateway import refusals
from coap_gateway.limits import Limits
from coap_gateway.replies import Reply, reply_to
from coap_gateway.requests import Call
from coap_gateway.threads import Threads
from core_api.rest.doors import Door

COAP_PORT = "5683"
RETRY_AFTER = 2

logger = logging.getLogger("coapture.coap")


class CoapRequest(HttpRequest):
    """A CoAP request as Django sees it; `door` says who asks.

    Its host is always localhost: no CoAP client can name another, and no view needs it.
    """

    def __init__(self, call: Call, door: Door, body: BinaryIO, size: int) -> None:
        # As WSGIRequest does, without the base class's empty query dictionaries.
        self.door = door
        self.method = call.method
        self.path = self.path_info = call.path
        self.META = {
            "REQUEST_METHOD": call.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": call.path,
            "QUERY_STRING": call.query,
            "CONTENT_LENGTH": str(size),
            "REMOTE_ADDR": door.peer,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": COAP_PORT,
            "HTTP_HOST": "localhost",
            **call.headers,
        }
        self.COOKIES = {}
        self.POST = QueryDict()
        self.resolver_match = None
        self._set_content_type_params(self.META)  # type: ignore[attr-defined]
        self._stream = body
        self._read_started = False
        # Forged requests are an affair of browsers and their cookies.
        self._dont_enforce_csrf_checks = True

    @cached_property
    def GET(self) -> QueryDict:  # type: ignore[override]  # noqa: N802
        """The query's parameters."""
        return QueryDict(self.META["QUERY_STRING"])

    def get_host(self) -> str:
        """Always localhost, whatever ALLOWED_HOSTS has."""
        return "localhost"

    def is_secure(self) -> bool:
        """Always true: the redirection to https is for browsers."""
        return True


class Bridge(BaseHandler):
    """Calls Django's synchronous handler in a few threads; never ASGI, which costs 5 to 7 times."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.load_middleware()
        self._limits = limits
        self._waiting = 0
        self._threads = Threads(limits.threads)

    def check_room(self) -> None:
        """Refusal 5.03 where too many requests wait already."""
        if self._waiting >= self._limits.waiting:
            raise refusals.unavailable("The server is busy; try again.", RETRY_AFTER)

    def call(self, request: CoapRequest) -> asyncio.Future[Reply]:
        """Django's reply to the request, which counts as waiting from now on."""
        self._waiting += 1
        reply = self._threads.run(partial(self._call, request))
        reply.add_done_callback(self._answered)
        return reply

    def _answered(self, _: asyncio.Future[Reply]) -> None:
        self._waiting -= 1

    def close(self) -> None:
        """End the threads; one that still works is left to the end of the process."""
        self._threads.stop()

    def _call(self, request: CoapRequest) -> Reply:
        """One request from its start to its end, as WSGIHandler has it."""
        try:
            # The database's connections are looked after by the receivers of both signals.
            request_started.send(sender=type(self), environ=request.META)
            response = self.get_response(request)
            response._handler_class = type(self)  # type: ignore[attr-defined]
            try:
                return reply_to(request.method or "", response, self._limits.max_body)
            finally:
                response.close()
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return refusals.server_error().reply
        finally:
            request._stream.close()
