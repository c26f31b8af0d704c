"""Answers for both doors: data as JSON or CBOR, problems in one shape."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from core_api.errors import ApiError
from core_api.rest.doors import door_of
from core_api.rest.negotiation import CBOR, JSON
from core_api.wire import cbor, jsontext
from core_api.wire.negotiate import choose
from core_api.wire.problem import Problem, to_concise_cbor, to_json

PROBLEM_JSON = "application/problem+json"
PROBLEM_CBOR = "application/concise-problem-details+cbor"


def encode(value: object, media_type: str) -> bytes:
    """The value as JSON or CBOR."""
    return cbor.encode(value) if media_type == CBOR else jsontext.encode(value)


def data_response(
    value: object, media_type: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A response whose body is the value in the media type."""
    return HttpResponse(
        encode(value, media_type), status=status, content_type=media_type, headers=headers
    )


def problem_response(request: HttpRequest, error: ApiError) -> HttpResponse:
    """The error as problem details, RFC 9457 or, for CoAP and CBOR clients, RFC 9290."""
    return render_problem(request, error.problem, error.headers)


def render_problem(
    request: HttpRequest, problem: Problem, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The problem in the shape that this client reads."""
    if _reads_concise(request):
        body, media_type = to_concise_cbor(problem), PROBLEM_CBOR
    else:
        body, media_type = to_json(problem), PROBLEM_JSON
    return HttpResponse(body, status=problem.status, content_type=media_type, headers=headers)


def _reads_concise(request: HttpRequest) -> bool:
    if door_of(request).constrained:
        return True
    accept = request.META.get("HTTP_ACCEPT")
    chosen = choose(accept, (PROBLEM_JSON, JSON, PROBLEM_CBOR, CBOR))
    return chosen in (PROBLEM_CBOR, CBOR)
