"""Every error in one shape: problem details, through either door."""

from collections.abc import Callable
from typing import TypeGuard

from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from core_api.errors import BadRequest, api_error
from core_api.rest.responses import problem_response

NO_CONTENT = 204


class ProblemMiddleware:
    """Answers what a view raises with problem details; the server's own faults go on (500)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if isinstance(request, WSGIRequest) and _foreign(request):
            error = BadRequest("The Host is not one of this server's names (ALLOWED_HOSTS).")
            return problem_response(request, error)
        response = self.get_response(request)
        if response.status_code == NO_CONTENT:
            # Django gives every response a type, also where there is nothing.
            del response["Content-Type"]
        if _needs_length(response):
            response["Content-Length"] = str(len(response.content))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The problem for an error that the table of core_api.errors knows."""
        known = api_error(error)
        return None if known is None else problem_response(request, known)


def _foreign(request: WSGIRequest) -> bool:
    """Whether the Host is none of ours: a page of another name that resolves to us (rebinding)."""
    try:
        request.get_host()
    except DisallowedHost:
        return True
    return False


def _needs_length(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    return (
        isinstance(response, HttpResponse)
        and response.status_code not in (204, 304)
        and not response.has_header("Content-Length")
    )
