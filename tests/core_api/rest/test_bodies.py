"""core_api/rest/bodies.py."""

import io
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from core_api.errors import BadRequest, PayloadTooLarge
from core_api.rest.bodies import read_body, read_form


@pytest.fixture(autouse=True)
def limit(settings: Any) -> None:
    settings.COAPTURE_MAX_BODY = 1000


def request(stream: Any, **environ: str) -> WSGIRequest:
    base = RequestFactory()._base_environ(REQUEST_METHOD="POST", PATH_INFO="/")
    base.pop("CONTENT_LENGTH", None)
    return WSGIRequest(base | {"wsgi.input": stream} | environ)


class Unreadable(io.BytesIO):
    """A stream that must not be read."""

    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


class Broken(io.BytesIO):
    """A connection that ends in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError("reset")


def test_announced_length() -> None:
    assert read_body(request(io.BytesIO(b"x" * 1000), CONTENT_LENGTH="1000")) == b"x" * 1000


def test_no_body() -> None:
    assert read_body(request(io.BytesIO(b""))) == b""
    assert read_body(request(io.BytesIO(b""), CONTENT_LENGTH="0")) == b""


def test_chunked_is_read_to_the_end() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    assert read_body(request(io.BytesIO(b"x" * 1000), **chunked)) == b"x" * 1000


def test_too_large_is_refused_unread() -> None:
    with pytest.raises(PayloadTooLarge) as caught:
        read_body(request(Unreadable(), CONTENT_LENGTH="1001"))
    assert caught.value.limit == 1000


def test_too_large_and_chunked_is_refused_at_the_limit() -> None:
    stream = io.BytesIO(b"x" * 5000)
    with pytest.raises(PayloadTooLarge):
        read_body(request(stream, HTTP_TRANSFER_ENCODING="chunked"))
    assert stream.tell() <= 1001


def test_ended_early() -> None:
    with pytest.raises(BadRequest, match="after 10 of 20 bytes"):
        read_body(request(io.BytesIO(b"x" * 10), CONTENT_LENGTH="20"))
    with pytest.raises(BadRequest, match="ended early"):
        read_body(request(Broken(), CONTENT_LENGTH="20"))


def test_form() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="d"\r\n\r\ncam-7\r\n'
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\nBYTES\r\n'
        b"--x--\r\n"
    )
    wanted = request(io.BytesIO(), CONTENT_TYPE="multipart/form-data; boundary=x")
    assert read_form(wanted, body) == ({"d": "cam-7"}, {"image": b"BYTES"})


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=ü"])
def test_form_without_boundary(content_type: str) -> None:
    with pytest.raises(BadRequest, match="malformed"):
        read_form(request(io.BytesIO(), CONTENT_TYPE=content_type), b"x")
