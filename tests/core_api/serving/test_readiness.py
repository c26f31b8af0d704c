"""Asking /readyz, of a real small HTTP server."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pytest_django import Settings

from core_api import health
from core_api.serving.addresses import Address
from core_api.serving.readiness import what_is_missing


class Answering(BaseHTTPRequestHandler):
    """Answers as it is told to, and remembers what it was asked."""

    answer: tuple[int, bytes] = (200, b"")
    asked: list[tuple[str, str | None, str | None]] = []

    def do_GET(self) -> None:
        proto = self.headers["X-Forwarded-Proto"]
        self.asked.append((self.path, self.headers["Host"], proto))
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[Address]:
    Answering.asked = []
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Address("127.0.0.1", server.server_port)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "missing"),
    [
        (200, b'{"status": "ready"}', ""),
        (503, b'{"detail": "Not ready: coap is down."}', "Not ready: coap is down."),
        (503, b"[]", "/readyz answers 503."),
        (500, b"<html>", "/readyz answers 500."),
    ],
)
def test_what_is_missing(web: Address, status: int, body: bytes, missing: str) -> None:
    Answering.answer = (status, body)
    assert what_is_missing(web, []) == missing


@pytest.mark.parametrize(
    ("hosts", "https", "asked"),
    [
        (["localhost", "127.0.0.1"], False, ("/readyz", "localhost", None)),
        (["*"], False, ("/readyz", "localhost", None)),
        ([".images.example"], True, ("/readyz", "images.example", "https")),
    ],
)
def test_it_asks_by_a_name_that_is_allowed(
    web: Address,
    settings: Settings,
    hosts: list[str],
    https: bool,
    asked: tuple[str, str, str | None],
) -> None:
    Answering.answer = (200, b"")
    settings.ALLOWED_HOSTS, settings.COAPTURE_HTTPS = hosts, https
    what_is_missing(web, [])
    assert Answering.asked == [asked]


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert what_is_missing(Address("127.0.0.1", port), []) == "HTTP does not answer."


def test_the_other_parts_come_first(web: Address, settings: Settings, tmp_path: Path) -> None:
    settings.COAPTURE_DATA = tmp_path
    Answering.answer = (200, b"")
    health.beat("worker")
    assert what_is_missing(web, ["coap", "worker"]) == "coap: no sign of life."
    assert Answering.asked == []
    health.beat("coap")
    assert what_is_missing(web, ["coap", "worker"]) == ""
