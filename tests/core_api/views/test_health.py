"""/healthz and /readyz."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from core_api import health


@pytest.fixture(autouse=True)
def _data(settings: Settings, tmp_path: Path) -> None:
    settings.COAPTURE_DATA = tmp_path
    settings.COAPTURE_PARTS = ["web", "coap", "worker"]


def test_the_process_answers(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Content-Type"] == "text/plain;charset=utf-8"
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_ready(client: Client) -> None:
    with health.beating("coap"), health.beating("worker"):
        response = client.get("/readyz")
    parts = {"web": "up", "coap": "up", "worker": "up", "database": "up"}
    assert (response.status_code, response.json()) == (200, {"status": "ready", "parts": parts})
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_what_is_down_is_named(client: Client) -> None:
    with health.beating("worker"):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Not ready: coap is down.",
    }
    assert response["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_only_read(client: Client, path: str) -> None:
    response = client.post(path, b"", content_type="text/plain")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")
