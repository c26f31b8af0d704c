"""A small Django site for the gateway to talk to."""

import os
import threading
import time
from functools import lru_cache
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path

from core_api.errors import PayloadTooLarge, ServiceUnavailable
from core_api.rest.bodies import read_body
from core_api.rest.conditional import etag_of, respond
from core_api.views import faults

OCTETS = "application/octet-stream"


class State:
    """What the views show and what they have seen."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """As at the start."""
        self.value = b"first"
        self.media_type = OCTETS
        self.bodies: list[bytes] = []
        self.doors: list[object] = []
        self.reads = 0
        self.failing = False
        self.opened = threading.Event()


state = State()


@lru_cache(maxsize=16)
def big(size: int) -> bytes:
    """Bytes of which no two blocks are the same."""
    return b"".join(number.to_bytes(4, "big") for number in range(-(-size // 4)))[:size]


def parameters(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl(request.META["QUERY_STRING"], keep_blank_values=True))


def echo(request: HttpRequest, rest: str = "") -> JsonResponse:
    """The request as Django sees it."""
    state.doors.append(request.door)
    names = ("CONTENT_TYPE", "HTTP_ACCEPT", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
    return JsonResponse(
        {
            "method": request.method,
            "path": request.path_info,
            "rest": rest,
            "query": parameters(request),
            "headers": {name: request.META[name] for name in names if name in request.META},
            "length": request.META["CONTENT_LENGTH"],
            "body": request.body.hex(),
        }
    )


def big_bytes(request: HttpRequest, size: int) -> HttpResponse:
    """`size` bytes with an entity tag."""
    with state.lock:
        state.reads += 1
    body = big(size)
    return respond(
        request, body, OCTETS, etag=etag_of(body), headers={"Cache-Control": "max-age=7"}
    )


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """A body in pieces, without an entity tag."""
    return StreamingHttpResponse(iter([big(1500), big(1500)]), content_type=OCTETS)


def keep(request: HttpRequest) -> HttpResponse:
    """Keep a body: 201, the length as text."""
    body = read_body(request)
    with state.lock:
        state.bodies.append(body)
        state.doors.append(request.door)
    return HttpResponse(
        str(len(body)),
        status=201,
        content_type="text/plain;charset=utf-8",
        headers={"Location": "/kept/a%20b/%C3%A9?x=1&y=a%26b"},
    )


def observed(request: HttpRequest, name: str = "") -> HttpResponse:
    """A state that can be observed."""
    with state.lock:
        state.reads += 1
    if state.failing:
        raise ServiceUnavailable("Out of order.", retry_after=9)
    response = respond(request, state.value, state.media_type, etag=etag_of(state.value))
    response.observable = True
    return response


def slow(request: HttpRequest) -> HttpResponse:
    """An answer that takes the seconds that the query says."""
    state.opened.set()
    time.sleep(float(parameters(request)["seconds"]))
    return HttpResponse("done", content_type="text/plain")


def process(request: HttpRequest) -> HttpResponse:
    """The id of the process that answers."""
    return HttpResponse(str(os.getpid()), content_type="text/plain")


def boom(request: HttpRequest) -> HttpResponse:
    """A view with a mistake."""
    raise RuntimeError("a secret of the server")


def broken_stream(request: HttpRequest) -> StreamingHttpResponse:
    """A body that fails on its way."""
    return StreamingHttpResponse(1 // 0 for _ in range(1))


def too_large(request: HttpRequest) -> HttpResponse:
    raise PayloadTooLarge(5)


urlpatterns = [
    path("echo", echo),
    re_path(r"^echo/(?P<rest>.*)\Z", echo),
    path("big/<int:size>", big_bytes),
    path("stream", stream),
    path("keep", keep),
    path("state", observed),
    path("state/<str:name>", observed),
    path("slow", slow),
    path("process", process),
    path("boom", boom),
    path("broken-stream", broken_stream),
    path("too-large", too_large),
]
handler400 = faults.bad_request
handler403 = faults.permission_denied
handler404 = faults.not_found
handler500 = faults.server_error
