"""What S3 servers may do, and what becomes of it."""

import hashlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from unittest import mock

import pytest
from pytest_django import Settings

from core_api import health
from core_api.errors import InsufficientStorage, ServiceUnavailable
from core_api.storage import s3
from core_api.storage.s3 import S3Storage
from tests.core_api.storage.conftest import Use
from tests.services.s3 import Moto, Rclone

NAME = f"{'0' * 12}7{'1' * 19}/{'a' * 64}.raw"
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "access")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(s3, "ATTEMPTS", 1)


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[S3Storage, list[str]]]:
    """A storage on a server that always answers so, and what that is asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            super().handle_one_request()
            self.close_connection = True

        def do_PUT(self) -> None:
            asked.append(f"{self.headers['Host']} {self.path} {self.headers['Authorization']}")
            self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        storage = S3Storage("bucket", f"http://127.0.0.1:{server.server_port}", prefix="p/")
        try:
            yield storage, asked
        finally:
            storage.client.close()
            server.shutdown()


def error(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>so it is</Message></Error>".encode()

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (503, "SlowDown", ServiceUnavailable),
        (500, "InternalError", ServiceUnavailable),
        (403, "AccessDenied", ServiceUnavailable),
        (404, "NoSuchBucket", ServiceUnavailable),
        (507, "XMinioStorageFull", InsufficientStorage),
        (403, "QuotaExceeded", InsufficientStorage),
    ],
)
def test_a_refusal_is_one_of_ours(status: int, code: str, expected: type[Exception]) -> None:
    with answering(error(status, code)) as (storage, _):
        with pytest.raises(expected) as caught:
            storage.put(NAME, b"picture")
        assert type(caught.value) is expected


def test_the_prefix_the_address_and_the_key_are_as_configured() -> None:
    with answering(error(503, "SlowDown")) as (storage, asked):
        with pytest.raises(ServiceUnavailable):
            storage.put(NAME, b"picture")
        (request,) = asked
        assert f" /bucket/p/{NAME.replace('/', '-')} " in request
        assert "Credential=access/" in request
        assert "/us-east-1/s3/" in request


def test_a_download_that_is_damaged_is_not_given_out() -> None:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "7")
        digest = hashlib.sha256(b"picture").digest()
        handler.send_header("x-amz-checksum-sha256", s3.base64.b64encode(digest).decode())
        handler.end_headers()
        handler.wfile.write(b"pictur3")

    with answering(answer) as (storage, _), pytest.raises(ServiceUnavailable):
        storage.read(NAME)


def test_a_download_that_ends_early_is_not_given_out() -> None:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "7")
        handler.end_headers()
        handler.wfile.write(b"pic")

    with answering(answer) as (storage, _), pytest.raises(ServiceUnavailable):
        storage.read(NAME)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "READ_WITHIN", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        storage = S3Storage("bucket", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(ServiceUnavailable):
            storage.read(NAME)
        storage.client.close()


def test_without_credentials_in_the_environment_there_are_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with mock.patch("botocore.credentials.SharedCredentialProvider.load") as other:
        with pytest.raises(ServiceUnavailable):
            S3Storage("bucket", "http://127.0.0.1:1").read(NAME)
        other.assert_not_called()


def test_wrong_credentials_are_refused(moto: Moto, rclone: Rclone) -> None:
    storage = S3Storage("bucket", rclone.url)
    with pytest.raises(ServiceUnavailable):
        storage.put(NAME, b"picture")
    storage.client.close()


@pytest.mark.django_db
def test_readiness_tells_of_the_storage(use: Use, rclone: Rclone, settings: Settings) -> None:
    settings.COAPTURE_PARTS = []
    storage = use("s3", rclone)
    assert health.parts() == {"web": "up", "database": "up", "storage": "up"}
    storage.at("s3").bucket = "another"
    assert health.parts() == {"web": "up", "database": "up", "storage": "down"}
