"""Every error in one shape: errors.py, the middleware, the fault handlers."""

from typing import Any

import cbor2
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from core_api import errors
from core_api.rest.dispatch import resource
from core_api.wire.errors import WireError

RAISED: dict[str, Exception] = {}


def failing(request: HttpRequest) -> HttpResponse:
    raise RAISED["error"]


urlpatterns = [path("failing", resource(GET=failing))]
handler400, handler403 = (
    "core_api.views.faults.bad_request",
    "core_api.views.faults.permission_denied",
)
handler404, handler500 = "core_api.views.faults.not_found", "core_api.views.faults.server_error"
here = override_settings(ROOT_URLCONF=__name__)


def fail(client: Client, error: Exception, **headers: str) -> Any:
    RAISED["error"] = error
    return client.get("/failing", headers=headers)


@here
@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (errors.BadRequest("x"), 400, "x"),
        (errors.Conflict("x"), 409, "x"),
        (errors.NotAcceptable(["a/b"]), 406, "This resource comes as a/b."),
        (errors.Forbidden("x"), 403, "x"),
        (WireError("x", "/y"), 400, "x"),
        (Http404(), 404, "There is nothing at this path."),
        (PermissionDenied("x"), 403, "x"),
        (SuspiciousOperation("x"), 400, "The request is malformed."),
        (RequestDataTooBig("x"), 400, "The form's fields are too large."),
        (OperationalError("database is locked"), 503, "The database is busy; try again."),
        (OperationalError("no such table"), 503, "The database does not answer; try again."),
        (OperationalError("database or disk is full"), 507, "The server's disk is full."),
    ],
)
def test_table(client: Client, error: Exception, status: int, detail: str) -> None:
    response = fail(client, error)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["detail"], body["type"]) == (status, detail, "about:blank")
    assert response.has_header("Retry-After") is (status in (503, 507))


@here
def test_pointer(client: Client) -> None:
    body = fail(client, errors.BadRequest("is wrong", pointer="/x")).json()
    assert body["errors"] == [{"pointer": "/x", "detail": "is wrong"}]


@here
def test_our_own_fault_says_nothing_of_it(client: Client) -> None:
    client.raise_request_exception = False
    response = fail(client, RuntimeError("secret"))
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert b"secret" not in response.content


@here
@pytest.mark.parametrize(
    ("accept", "concise"),
    [
        ("application/concise-problem-details+cbor", True),
        ("application/cbor", True),
        ("application/cbor, application/json", False),
        ("image/png", False),
        ("*/*", False),
    ],
)
def test_cbor(client: Client, accept: str, concise: bool) -> None:
    response = fail(client, errors.Conflict("taken"), Accept=accept)
    if concise:
        assert response["Content-Type"] == "application/concise-problem-details+cbor"
        assert cbor2.loads(response.content) == {
            -1: "Conflict",
            -2: "taken",
            -4: 4 << 5 | 9,
            "/problems": {0: "about:blank"},
        }
    else:
        assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("url", ["/nothing", "/collections/images/a/b/c", "/collections/"])
def test_unknown_path(client: Client, url: str) -> None:
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_foreign_host(client: Client) -> None:
    response = client.get("/collections", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "ALLOWED_HOSTS" in response.json()["detail"]


@pytest.mark.parametrize(
    "query", ["a=%ff", "&".join(f"p{n}=1" for n in range(101)), "format=%F0%28%8C%BC"]
)
def test_bad_query(client: Client, query: str) -> None:
    assert client.get(f"/collections?{query}").status_code == 400
