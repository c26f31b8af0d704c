"""From options to HTTP's terms."""

from typing import Any

import pytest
from aiocoap import Message
from aiocoap.numbers import CON, NON, codes

from coap_gateway import decoding, requests, syntax
from coap_gateway.blocks import Block
from coap_gateway.refusals import Refusal
from coap_gateway.requests import Call
from tests.coap_gateway.datagrams import (
    ACCEPT,
    BLOCK1,
    BLOCK2,
    CONTENT_FORMAT,
    ETAG,
    HOP_LIMIT,
    IF_MATCH,
    IF_NONE_MATCH,
    OBSERVE,
    PROXY_SCHEME,
    PROXY_URI,
    SIZE1,
    URI_HOST,
    Options,
    block,
    encode,
    path,
    query,
    uint,
)
from tests.coap_gateway.remotes import TCP, UDP


def message(code: str, options: Options, payload: bytes = b"", remote: Any = UDP) -> Message:
    """A message as it is decoded from the wire."""
    data = encode(CON, code, 1, b"t", options, payload)
    return decoding.datagram(data, syntax.header(data), remote)


def test_everything() -> None:
    options = [
        *path("collections", "images"),
        *query("d=cam-7", "t=0"),
        (URI_HOST, b"any.example"),
        (ACCEPT, uint(60)),
        (CONTENT_FORMAT, uint(22)),
        (IF_MATCH, b"\x01\x02"),
        (IF_MATCH, b""),
        (BLOCK1, block(3, True, 2)),
        (BLOCK2, block(0, False, 4)),
        (OBSERVE, b""),
        (SIZE1, uint(70000)),
        (65000, b"an elective option that nobody knows"),
    ]
    assert requests.read(message("0.02", options)) == Call(
        method="POST",
        path="/collections/images",
        items=("d=cam-7", "t=0"),
        headers={
            "HTTP_ACCEPT": "application/cbor",
            "CONTENT_TYPE": "image/jpeg",
            "HTTP_IF_MATCH": '"0102", *',
        },
        block1=Block(3, True, 2),
        block2=Block(0, False, 4),
        observe=0,
        size1=70000,
    )


@pytest.mark.parametrize(
    ("code", "method"),
    [
        ("0.01", "GET"),
        ("0.02", "POST"),
        ("0.03", "PUT"),
        ("0.04", "DELETE"),
        ("0.05", "QUERY"),
        ("0.06", "PATCH"),
        ("0.07", "PATCH"),
    ],
)
def test_methods(code: str, method: str) -> None:
    assert requests.read(message(code, [])).method == method


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ((), "/"),
        (("a",), "/a"),
        (("a", ""), "/a/"),
        (("", "a"), "//a"),
        (("é", "a b", "%2F", "+", "\0"), "/é/a b/%2F/+/\0"),
        (("...",), "/..."),
    ],
)
def test_paths(segments: tuple[str, ...], expected: str) -> None:
    assert requests.read(message("0.01", path(*segments))).path == expected


@pytest.mark.parametrize("segment", [".", "..", "a/b", "/", b"\xff", b"caf\xe9", b"\xed\xa0\x80"])
def test_paths_that_are_refused(segment: str | bytes) -> None:
    with pytest.raises(Refusal) as caught:
        requests.read(message("0.01", path("a", segment)))
    assert caught.value.reply.code == codes.BAD_REQUEST


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((), ""),
        (("d=cam-7", "t=2026-11-21T08:00:00+01:00"), "d=cam-7&t=2026-11-21T08:00:00%2B01:00"),
        (("a=b&c=d",), "a=b%26c=d"),
        (("a=b=c", "flag", ""), "a=b=c&flag&"),
        (("title=Tür 1#%20",), "title=T%C3%BCr%201%23%2520"),
    ],
)
def test_queries(items: tuple[str, ...], expected: str) -> None:
    assert requests.read(message("0.01", query(*items))).query == expected


def test_a_query_that_is_no_utf8() -> None:
    with pytest.raises(Refusal) as caught:
        requests.read(message("0.01", [(15, b"d=\xff")]))
    assert caught.value.reply.code == codes.BAD_REQUEST


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ([(ACCEPT, uint(42))], {"HTTP_ACCEPT": "application/octet-stream"}),
        ([(ACCEPT, b"")], {"HTTP_ACCEPT": "text/plain;charset=utf-8"}),
        ([(ETAG, b"\1" * 8), (ETAG, b"\2")], {"HTTP_IF_NONE_MATCH": '"0101010101010101", "02"'}),
        ([(ETAG, b""), (ETAG, b"123456789")], {}),
        ([(IF_NONE_MATCH, b"")], {"HTTP_IF_NONE_MATCH": "*"}),
        ([(CONTENT_FORMAT, uint(9999))], {}),
    ],
)
def test_headers_of_a_get(options: Options, headers: dict[str, str]) -> None:
    assert requests.read(message("0.01", options)).headers == headers


def test_the_etags_of_a_put_mean_nothing() -> None:
    call = requests.read(message("0.03", [(ETAG, b"12345678")]))
    assert (call.headers, call.etags) == ({}, (b"12345678",))


@pytest.mark.parametrize(
    ("code", "options", "refused"),
    [
        ("0.01", [(9, b"")], codes.BAD_OPTION),
        ("0.01", [(13, b"")], codes.BAD_OPTION),
        ("0.01", [(65001, b"")], codes.BAD_OPTION),
        ("0.01", [(ACCEPT, uint(50)), (ACCEPT, uint(60))], codes.BAD_OPTION),
        ("0.02", [(BLOCK1, block(0, True, 2)), (BLOCK1, block(0, True, 2))], codes.BAD_OPTION),
        ("0.02", [(BLOCK1, b"\1\0\0\0")], codes.BAD_OPTION),
        ("0.01", [(BLOCK1, block(0, False, 2))], codes.BAD_OPTION),
        ("0.04", [(BLOCK1, block(0, True, 2))], codes.BAD_OPTION),
        ("0.01", [(PROXY_URI, b"coap://a/")], codes.PROXYING_NOT_SUPPORTED),
        ("0.01", [(PROXY_SCHEME, b"coap")], codes.PROXYING_NOT_SUPPORTED),
        ("0.01", [(ACCEPT, uint(9999))], codes.NOT_ACCEPTABLE),
        ("0.02", [(CONTENT_FORMAT, uint(9999))], codes.UNSUPPORTED_CONTENT_FORMAT),
        ("0.02", [(BLOCK1, block(0, True, 7))], codes.BAD_REQUEST),
        ("0.01", [(BLOCK2, block(1, False, 7))], codes.BAD_REQUEST),
        ("0.01", [(HOP_LIMIT, b"")], codes.BAD_REQUEST),
        ("0.01", [(HOP_LIMIT, b"\1\0")], codes.BAD_REQUEST),
        ("0.31", [], codes.METHOD_NOT_ALLOWED),
        ("0.31", [(9, b"")], codes.BAD_OPTION),
    ],
)
def test_options_that_are_refused(code: str, options: Options, refused: int) -> None:
    with pytest.raises(Refusal) as caught:
        requests.read(message(code, options))
    assert caught.value.reply.code == refused


def test_bert_on_tcp() -> None:
    call = requests.read(message("0.02", [(BLOCK1, block(2, True, 7))], remote=TCP))
    assert call.block1 == Block(2, True, 7)


@pytest.mark.parametrize(
    ("kind", "option", "dropped"),
    [(CON, 9, False), (NON, 9, True), (NON, PROXY_URI, False)],
)
def test_what_is_dropped(kind: int, option: int, dropped: bool) -> None:
    request = message("0.01", [(option, b"coap://h/")])
    request.mtype = kind
    with pytest.raises(Refusal) as caught:
        requests.read(request)
    assert requests.is_dropped(request, caught.value) is dropped
