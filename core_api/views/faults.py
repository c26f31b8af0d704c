"""What Django calls where no view answers: problem details instead of its HTML."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from core_api.rest.responses import render_problem
from core_api.wire.problem import problem


def _fault(request: HttpRequest, status: HTTPStatus, detail: str) -> HttpResponse:
    return render_problem(request, problem(status, detail))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """400."""
    return _fault(request, HTTPStatus.BAD_REQUEST, "The request is malformed.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """403."""
    return _fault(request, HTTPStatus.FORBIDDEN, "This is not allowed.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """404."""
    return _fault(request, HTTPStatus.NOT_FOUND, "There is nothing at this path.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500; the log has the traceback."""
    return _fault(request, HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed; its log says why.")
