"""Options that a request should not have, or not so, and No-Response, on the wire."""

import json

import pytest

from tests.coap_gateway.datagrams import (
    ACCEPT,
    ACK,
    BLOCK1,
    BLOCK2,
    CON,
    CONTENT_FORMAT,
    ECHO,
    ETAG,
    GET,
    HOP_LIMIT,
    IF_MATCH,
    IF_NONE_MATCH,
    NO_RESPONSE,
    NON,
    OBSERVE,
    OSCORE,
    POST,
    PROXY_SCHEME,
    PROXY_URI,
    REQUEST_TAG,
    SIZE1,
    URI_HOST,
    URI_PATH,
    URI_PORT,
    URI_QUERY,
    Client,
    Options,
    block,
    decode,
    encode,
    path,
    query,
    uint,
)
from tests.coap_gateway.site import State

# aiocoap makes its empty acknowledgement in a way that it warns of itself.
WARNING = "ignore:Initializing messages with an:DeprecationWarning"
ECHOED = path("echo")
# No client of these tests counts up to it.
MID = 40009


def twice(number: int, value: bytes) -> Options:
    return [(number, value), (number, value)]


BAD_OPTIONS = {
    "an unknown critical option": [(2049, b"")],
    "one of a draft": [(13, b"")],
    "the last one": [(65535, b"x")],
    "OSCORE": [(OSCORE, b"\x09\x01\x02")],
    "an empty OSCORE": [(OSCORE, b"")],
    "two Uri-Host": twice(URI_HOST, b"h"),
    "two Uri-Port": twice(URI_PORT, uint(5683)),
    "two If-None-Match": twice(IF_NONE_MATCH, b""),
    "two Accept": twice(ACCEPT, uint(50)),
    "two Block1": twice(BLOCK1, block(0, False, 6)),
    "two Block2": twice(BLOCK2, block(0, False, 6)),
    "two Proxy-Scheme": [(PROXY_SCHEME, b""), (PROXY_SCHEME, b"coap")],
    "a long If-Match": [(IF_MATCH, bytes(9))],
    "an empty Uri-Host": [(URI_HOST, b"")],
    "a long Uri-Host": [(URI_HOST, b"h" * 256)],
    "an If-None-Match with a value": [(IF_NONE_MATCH, b"\0")],
    "a long Uri-Port": [(URI_PORT, b"\0\x16\x33")],
    "a long Uri-Path": [(URI_PATH, b"p" * 256)],
    "a long Uri-Query": [(URI_QUERY, b"q" * 256)],
    "a long Accept": [(ACCEPT, b"\0\0\x32")],
    "a long Block2": [(BLOCK2, b"\0\0\0\x06")],
    "a long Block1": [(BLOCK1, b"\0\0\0\x06")],
    "an empty Proxy-Uri": [(PROXY_URI, b"")],
    "a long Proxy-Uri": [(PROXY_URI, b"u" * 1035)],
}


def test_bad_critical_options(client: Client, site: State) -> None:
    for name, options in BAD_OPTIONS.items():
        request, mid = [*ECHOED, *options], client.mid()
        (answer,) = client.replies_to(encode(CON, POST, mid, b"tok", request, b"x"))
        assert (answer.kind, answer.code) == (ACK, "4.02"), name
        assert (answer.mid, answer.token) == (mid, b"tok")
        assert answer.problem[0] == "Bad Option"
        assert client.replies_to(encode(NON, POST, client.mid(), b"tok", request, b"x")) == [], name
    assert site.doors == []


IGNORED = {
    "an unknown elective option": twice(2048, b"x"),
    "the last one": [(65534, b"x" * 300)],
    "an empty ETag": [(ETAG, b"")],
    "a long ETag": [(ETAG, bytes(9))],
    "a long Observe": [(OBSERVE, bytes(4))],
    "a long Content-Format": [(CONTENT_FORMAT, b"\0\0\x16")],
    "two Content-Formats": [(CONTENT_FORMAT, b""), (CONTENT_FORMAT, uint(9999))],
    "a long Size1": [(SIZE1, b"\xff" * 5)],
    "a huge Size1 after a small one": [(SIZE1, uint(1)), (SIZE1, b"\xff" * 4)],
    "a long Echo": [(ECHO, bytes(41))],
    "a long Request-Tag": [(REQUEST_TAG, bytes(9))],
    "a long No-Response": [(NO_RESPONSE, b"\0\x1a")],
    "two No-Response": [(NO_RESPONSE, b""), (NO_RESPONSE, uint(26))],
    "two Hop-Limits": [(HOP_LIMIT, uint(1)), (HOP_LIMIT, b"")],
    "any Uri-Host": [(URI_HOST, b"elsewhere.example"), (URI_PORT, uint(61616))],
}


def test_options_that_are_ignored(client: Client) -> None:
    for name, options in IGNORED.items():
        answer = client.ask(POST, [*ECHOED, *options], b"x")
        assert (answer.code, answer.one(OBSERVE)) == ("2.04", None), name
        first = {"CONTENT_TYPE": "text/plain;charset=utf-8"}
        expected = first if (CONTENT_FORMAT, b"") in options else {}
        assert json.loads(answer.payload)["headers"] == expected, name


def test_a_number_may_begin_with_zeros(client: Client) -> None:
    answer = client.ask(GET, [*ECHOED, (ACCEPT, b"\x00\x32")])
    assert json.loads(answer.payload)["headers"] == {"HTTP_ACCEPT": "application/json"}


REFUSED = {
    "4.00 Bad Request": [
        [*ECHOED, (BLOCK1, block(0, False, 7))],
        [*ECHOED, (BLOCK2, block(0, False, 7))],
        [*ECHOED, (HOP_LIMIT, b"")],
        [*ECHOED, (HOP_LIMIT, b"\0")],
        [*ECHOED, (HOP_LIMIT, uint(256))],
        *([*ECHOED, *path(segment)] for segment in (b".", b"..", b"a/b", b"\xff", b"\xc0\xae")),
        [*ECHOED, (URI_QUERY, b"\xff")],
    ],
    "5.05 Proxying Not Supported": [
        [(PROXY_URI, b"coap://h/")],
        [(PROXY_SCHEME, b"coap"), (URI_HOST, b"h")],
    ],
}


@pytest.mark.parametrize("kind", [CON, NON])
@pytest.mark.parametrize("expected", REFUSED)
def test_what_is_refused(client: Client, kind: int, expected: str) -> None:
    for options in REFUSED[expected]:
        (answer,) = client.replies_to(encode(kind, POST, client.mid(), b"tok", options, b"x"))
        assert f"{answer.code} {answer.problem[0]}" == expected, options


@pytest.mark.parametrize("kind", [CON, NON])
def test_methods_that_nobody_knows(client: Client, kind: int) -> None:
    for code in ("0.08", "0.31"):
        (answer,) = client.replies_to(encode(kind, code, client.mid(), b"tok", path("nothing")))
        assert (answer.code, answer.problem[0]) == ("4.05", "Method Not Allowed")


def test_hop_limits(client: Client) -> None:
    for hops in (uint(1), uint(16), uint(255), b"\0\x10"):
        assert client.ask(GET, [*ECHOED, (HOP_LIMIT, hops)]).code == "2.05"


OUTCOMES = {
    "2.01": (POST, path("keep")),
    "2.05": (GET, path("collections")),
    "4.04": (GET, path("nothing")),
    "4.00": (GET, path("..")),
    "5.03": (GET, path("state")),
    "5.05": (GET, [(PROXY_SCHEME, b"coap")]),
}


@pytest.mark.filterwarnings(WARNING)
@pytest.mark.parametrize("expected", OUTCOMES)
def test_no_response(client: Client, site: State, expected: str) -> None:
    site.failing = True
    code, options = OUTCOMES[expected]
    for mask in (0, 2, 8, 16, 10, 26, 255):
        request = [*options, (NO_RESPONSE, uint(mask))]
        unwanted = bool(mask & 1 << int(expected[0]) - 1)
        mid = client.mid()
        client.socket.send(encode(CON, code, mid, b"tok", request))
        first = decode(client.socket.recv(2048))
        assert (first.kind, first.mid) == (ACK, mid)
        assert (first.code, first.token) == (("0.00", b"") if unwanted else (expected, b"tok"))
        client.socket.send(encode(NON, code, client.mid(), b"non", request))
        client.socket.send(encode(NON, GET, client.mid(), b"last", ECHOED))
        wanted = {b"last": "2.05"} if unwanted else {b"last": "2.05", b"non": expected}
        replies = [decode(client.socket.recv(2048)) for _ in wanted]
        assert {reply.token: reply.code for reply in replies} == wanted, mask
    assert client.is_quiet(0.1)


@pytest.mark.filterwarnings(WARNING)
def test_an_unwanted_answer_that_comes_late_is_an_acknowledgement_only(client: Client) -> None:
    request = [*path("slow"), *query("seconds=0.2"), (NO_RESPONSE, uint(2))]
    message = encode(CON, GET, MID, b"tok", request)
    client.socket.send(message)
    first = client.socket.recv(2048)
    assert first == encode(ACK, "0.00", MID, b"")
    client.socket.send(message)
    assert client.socket.recv(2048) == first
    assert client.is_quiet(0.3)


@pytest.mark.filterwarnings(WARNING)
def test_no_response_to_the_last_block_only(client: Client, site: State) -> None:
    first = [*path("keep"), (BLOCK1, block(0, True, 0))]
    assert client.ask(POST, first, bytes(16)).code == "2.31"
    last = [*path("keep"), (BLOCK1, block(1, False, 0)), (NO_RESPONSE, uint(2))]
    client.socket.send(encode(CON, POST, MID, b"tok", last, b"end"))
    assert client.socket.recv(2048) == encode(ACK, "0.00", MID, b"")
    assert site.bodies == [bytes(16) + b"end"]
