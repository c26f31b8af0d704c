"""From Django's response to CoAP's terms, and to a message."""

import pytest
from aiocoap.numbers import codes
from django.http import HttpResponse, StreamingHttpResponse

from coap_gateway import replies
from coap_gateway.replies import Reply
from tests.coap_gateway.datagrams import decode_rest

MAX_BODY = 1000


def test_a_representation() -> None:
    response = HttpResponse(
        b"picture",
        content_type="image/jpeg",
        headers={"ETag": '"0123456789abcdef"', "Cache-Control": "private, max-age=30"},
    )
    response.observable = True
    assert replies.reply_to("GET", response, MAX_BODY) == Reply(
        code=codes.CONTENT,
        payload=b"picture",
        content_format=22,
        etag=bytes.fromhex("0123456789abcdef"),
        max_age=30,
        observable=True,
    )


def test_something_created() -> None:
    response = HttpResponse(
        b"\xa0",
        status=201,
        content_type="application/cbor",
        headers={"Location": "/collections/images/T%C3%BCr%201/x?a=1&b=%26"},
    )
    assert replies.reply_to("POST", response, MAX_BODY) == Reply(
        code=codes.CREATED,
        payload=b"\xa0",
        content_format=60,
        location_path=("collections", "images", "Tür 1", "x"),
        location_query=("a=1", "b=&"),
    )


@pytest.mark.parametrize(
    ("status", "method", "headers", "reply"),
    [
        (204, "DELETE", {}, Reply(codes.DELETED)),
        (204, "PATCH", {}, Reply(codes.CHANGED)),
        (304, "GET", {"ETag": '"0102"'}, Reply(codes.VALID, etag=b"\1\2")),
        (413, "POST", {}, Reply(codes.REQUEST_ENTITY_TOO_LARGE, size1=MAX_BODY)),
        (503, "GET", {"Retry-After": "9"}, Reply(codes.SERVICE_UNAVAILABLE, max_age=9)),
        (429, "GET", {"Retry-After": "2"}, Reply(codes.TOO_MANY_REQUESTS, max_age=2)),
        (405, "POST", {"Allow": "GET"}, Reply(codes.METHOD_NOT_ALLOWED)),
    ],
)
def test_without_a_body(status: int, method: str, headers: dict[str, str], reply: Reply) -> None:
    response = HttpResponse(status=status, headers=headers)
    del response["Content-Type"]
    assert replies.reply_to(method, response, MAX_BODY) == reply


def test_a_stream_is_read_whole() -> None:
    response = StreamingHttpResponse(iter([b"one ", b"two"]), content_type="image/webp")
    assert replies.reply_to("GET", response, MAX_BODY) == Reply(
        codes.CONTENT, b"one two", content_format=42
    )


@pytest.mark.parametrize(
    ("header", "etag"),
    [
        ('"0123456789abcdef"', bytes.fromhex("0123456789abcdef")),
        ("", None),
        ('W/"0123"', None),
        ('"not hex"', None),
        ('"0123456789abcdef01"', None),
    ],
)
def test_entity_tags(header: str, etag: bytes | None) -> None:
    assert replies.etag(header) == etag


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "no-store"}, 0),
        ({"Cache-Control": "public, Max-Age=3600"}, 3600),
        ({"Cache-Control": "max-age=much"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "5", "Cache-Control": "no-store"}, 5),
    ],
)
def test_max_age(headers: dict[str, str], seconds: int | None) -> None:
    assert replies.max_age(HttpResponse(headers=headers)) == seconds


@pytest.mark.parametrize(
    ("reference", "path", "query"),
    [
        ("", (), ()),
        ("/a/b", ("a", "b"), ()),
        ("http://h/a%2Fb/?x", ("a/b", ""), ("x",)),
        ("/a?x=1+1&&y", ("a",), ("x=1+1", "y")),
    ],
)
def test_locations(reference: str, path: tuple[str, ...], query: tuple[str, ...]) -> None:
    assert replies.location(reference) == (path, query)


def test_a_message() -> None:
    reply = Reply(
        codes.CREATED, b"x", 0, b"\1\2", ("a", "b"), ("c=d",), max_age=0, size1=5, observable=True
    )
    message = replies.message(reply)
    assert message.code == codes.CREATED
    assert message.payload == b"x"
    assert decode_rest(message.opt.encode())[0] == {
        4: [b"\1\2"],
        8: [b"a", b"b"],
        12: [b""],
        14: [b""],
        20: [b"c=d"],
        60: [b"\5"],
    }


def test_the_tag_of_a_payload() -> None:
    tags = {replies.payload_etag(payload) for payload in (b"", b"a", b"b")}
    assert {len(tag) for tag in tags} == {8}
    assert len(tags) == 3
