"""Whole requests over UDP, datagram by datagram."""

import datetime as dt
import json
import logging
import re
from collections.abc import Callable

import pytest

from core_api import discovery
from core_api.rest.conditional import etag_of
from core_api.rest.doors import Door
from tests.coap_gateway.datagrams import (
    ACCEPT,
    ACK,
    CON,
    CONTENT_FORMAT,
    DELETE,
    ETAG,
    FETCH,
    GET,
    IF_MATCH,
    IPATCH,
    LOCATION_PATH,
    LOCATION_QUERY,
    MAX_AGE,
    NON,
    OBSERVE,
    PATCH,
    POST,
    PROXY_SCHEME,
    PROXY_URI,
    PUT,
    RST,
    SIZE1,
    URI_PATH,
    Client,
    Options,
    decode,
    encode,
    path,
    query,
    uint,
)
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big
from tests.e2e.ports import has_ipv6


def test_a_get(client: Client) -> None:
    answer = client.ask(GET, path("echo", "a", "b") + query("d=cam-7", "t=1+1 &#é"))
    assert (answer.kind, answer.code, answer.number(CONTENT_FORMAT)) == (ACK, "2.05", 50)
    assert json.loads(answer.payload) == {
        "method": "GET",
        "path": "/echo/a/b",
        "rest": "a/b",
        "query": {"d": "cam-7", "t": "1+1 &#é"},
        "headers": {},
        "length": "0",
        "body": "",
    }


def test_a_post(client: Client, site: State) -> None:
    options = [*path("keep"), (CONTENT_FORMAT, uint(22))]
    answer = client.ask(POST, options, b"picture")
    assert (answer.code, answer.payload) == ("2.01", b"7")
    assert answer.options == {
        LOCATION_PATH: [b"kept", b"a b", "é".encode()],
        CONTENT_FORMAT: [b""],
        LOCATION_QUERY: [b"x=1", b"y=a&b"],
    }
    assert site.bodies == [b"picture"]


@pytest.mark.parametrize(
    ("code", "method", "success"),
    [
        (POST, "POST", "2.04"),
        (PUT, "PUT", "2.04"),
        (DELETE, "DELETE", "2.02"),
        (FETCH, "QUERY", "2.05"),
        (PATCH, "PATCH", "2.04"),
        (IPATCH, "PATCH", "2.04"),
    ],
)
def test_methods(client: Client, code: str, method: str, success: str) -> None:
    options = [*path("echo"), (CONTENT_FORMAT, uint(60)), (ACCEPT, uint(50)), (IF_MATCH, b"\1")]
    answer = client.ask(code, options, b"\xa0")
    seen = json.loads(answer.payload)
    body_type = {} if code == DELETE else {"CONTENT_TYPE": "application/cbor"}
    assert answer.code == success
    assert (seen["method"], seen["body"], seen["length"]) == (method, "a0", "1")
    assert seen["headers"] == body_type | {
        "HTTP_ACCEPT": "application/json",
        "HTTP_IF_MATCH": '"01"',
    }


def test_the_door(client: Client, gateway: Running, site: State) -> None:
    before = dt.datetime.now(dt.UTC)
    client.ask(GET, path("echo"))
    (door,) = site.doors
    assert isinstance(door, Door)
    assert before <= door.received <= dt.datetime.now(dt.UTC)
    origin = f"coap://127.0.0.1:{gateway.port}"
    assert (door.name, door.peer, door.origin) == ("coap", "127.0.0.1", origin)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_ipv6(gateway: Running, site: State) -> None:
    with Client(gateway.port, "::1") as client:
        assert client.ask(GET, path("echo")).code == "2.05"
    (door,) = site.doors
    assert isinstance(door, Door)
    assert (door.peer, door.origin) == ("::1", f"coap://[::1]:{gateway.port}")


def test_an_entity_tag(client: Client) -> None:
    etag = bytes.fromhex(etag_of(big(100)))
    answer = client.ask(GET, path("big", "100"))
    assert (answer.code, answer.payload) == ("2.05", big(100))
    assert (answer.one(ETAG), answer.number(MAX_AGE)) == (etag, 7)
    valid = client.ask(GET, [*path("big", "100"), (ETAG, b"other"), (ETAG, etag)])
    assert (valid.code, valid.one(ETAG), valid.payload) == ("2.03", etag, b"")
    assert client.ask(GET, [*path("big", "100"), (ETAG, b"other")]).code == "2.05"
    assert client.ask(GET, [*path("big", "100"), (IF_MATCH, b"other")]).code == "4.12"


@pytest.mark.parametrize("where", [path(".well-known", "core"), path("collections")])
def test_discovery_needs_no_django(client: Client, site: State, where: Options) -> None:
    answer = client.ask(GET, where)
    name = "/" + "/".join(segment.decode() for _, segment in where)
    expected = discovery.answer(name, [], None)
    assert (answer.code, answer.number(CONTENT_FORMAT)) == ("2.05", 40)
    assert answer.payload == expected.body
    etag = bytes.fromhex(expected.etag)
    assert answer.one(ETAG) == etag
    assert client.ask(GET, [*where, (ETAG, etag)]).code == "2.03"
    assert client.ask(GET, [*where, (OBSERVE, b"")]).one(OBSERVE) is None


def test_filters_and_formats_of_discovery(client: Client) -> None:
    core = path(".well-known", "core")
    assert client.ask(GET, core + query("rt=no.such.type")).payload == b""
    expected = discovery.answer("/.well-known/core", [("rt", "simple.*")], "application/json")
    answer = client.ask(GET, [*core, *query("rt=simple.*"), (ACCEPT, uint(50))])
    assert (answer.payload, answer.number(CONTENT_FORMAT)) == (expected.body, 50)
    refused = client.ask(GET, [*core, (ACCEPT, uint(22))])
    assert (refused.code, refused.problem[0]) == ("4.06", "Not Acceptable")
    assert client.ask(GET, core + query("format=none")).code == "4.00"
    # A condition is Django's affair; this small site has no such page.
    assert client.ask(GET, [*core, (IF_MATCH, b"other")]).code == "4.04"


@pytest.mark.parametrize(
    ("options", "code", "title"),
    [
        (path("nothing"), "4.04", "Not Found"),
        (path("echo", ".."), "4.00", "Bad Request"),
        (path("echo", "a/b"), "4.00", "Bad Request"),
        (path("echo", b"\xff\xfe"), "4.00", "Bad Request"),
        ([*path("echo"), (15, b"d=\xff")], "4.00", "Bad Request"),
        ([*path("echo"), (3, b"\xff")], "2.05", ""),
        ([*path("echo"), (PROXY_URI, b"coap://h/")], "5.05", "Proxying Not Supported"),
        ([*path("echo"), (PROXY_URI, b"\xff")], "5.05", "Proxying Not Supported"),
        ([*path("echo"), (PROXY_SCHEME, b"coap")], "5.05", "Proxying Not Supported"),
        ([*path("echo"), (9, b"oscore")], "4.02", "Bad Option"),
        ([*path("echo"), (2049, b"")], "4.02", "Bad Option"),
        ([*path("echo"), (2050, b"")], "2.05", ""),
        ([*path("echo"), (ACCEPT, uint(9999))], "4.06", "Not Acceptable"),
    ],
)
def test_refusals(client: Client, options: Options, code: str, title: str) -> None:
    answer = client.ask(GET, options)
    assert answer.code == code
    if title:
        assert answer.problem[0] == title


def test_an_unknown_method_and_format(client: Client) -> None:
    assert client.ask("0.30", path("nothing")).problem[0] == "Method Not Allowed"
    answer = client.ask(POST, [*path("keep"), (CONTENT_FORMAT, uint(9999))], b"x")
    assert (answer.code, answer.problem[0]) == ("4.15", "Unsupported Media Type")


def test_errors_of_views(client: Client) -> None:
    answer = client.ask(POST, path("too-large"), b"123456")
    assert (answer.code, answer.number(SIZE1)) == ("4.13", 32 * 2**20)
    assert answer.problem == ("Content Too Large", "A body may have at most 5 bytes.")


@pytest.mark.parametrize("name", ["boom", "broken-stream"])
def test_a_mistake_of_ours_is_logged_and_not_shown(
    client: Client, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.ask(GET, path(name))
    assert answer.code == "5.00"
    assert answer.problem == ("Internal Server Error", "The server failed; its log says why.")
    assert any(record.exc_info for record in caplog.records)


def test_an_unknown_critical_option_of_a_non_is_rejected_in_silence(client: Client) -> None:
    client.send(GET, [*path("echo"), (9, b"")], kind=NON)
    assert client.ask(GET, path("echo")).code == "2.05"


def test_a_non_gets_a_non(client: Client) -> None:
    answer = client.ask(GET, path("echo"), kind=NON)
    assert (answer.kind, answer.code) == (NON, "2.05")


def test_a_slow_answer_comes_apart_from_its_acknowledgement(client: Client) -> None:
    mid, token = client.send(GET, path("slow") + query("seconds=0.3"))
    empty, answer = client.receive(), client.receive()
    assert (empty.kind, empty.code, empty.mid) == (ACK, "0.00", mid)
    assert (answer.kind, answer.code, answer.token) == (CON, "2.05", token)
    assert answer.payload == b"done"
    assert client.is_quiet(0.1)


def test_a_repeated_message_is_answered_from_memory(client: Client, site: State) -> None:
    message = encode(CON, POST, 77, b"tok", path("keep"), b"body")
    client.socket.send(message)
    first = client.socket.recv(2048)
    client.socket.send(message)
    assert client.socket.recv(2048) == first
    assert site.bodies == [b"body"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_peer_that_is_gone_harms_no_other(
    gateway: Running, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no ::1")
    for _ in range(4):
        with Client(gateway.port, host) as gone:
            gone.send(GET, path("slow") + query("seconds=0.05"))
            gone.send(GET, path("collections"))
        with Client(gateway.port, host) as client:
            assert client.ask(GET, path("slow") + query("seconds=0.3")).code == "2.05"
    assert [record for record in caplog.records if record.exc_info] == []


def test_a_ping(client: Client) -> None:
    client.socket.send(encode(CON, "0.00", 5, b""))
    assert client.socket.recv(2048) == encode(RST, "0.00", 5, b"")


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x40",
        b"\x80\x01\x00\x01",
        b"\xff" * 40,
        encode(ACK, "2.05", 9, b"t", [], b"nobody asked"),
        encode(NON, "7.01", 9, b"t"),
        encode(NON, "1.01", 9, b"t"),
        encode(RST, GET, 9, b"t", path("echo")),
        encode(NON, GET, 9, b"t") + b"\xdd",
        b"\x5f\x01\x00\x09" + b"t" * 15,
    ],
)
def test_garbage_is_ignored(
    client: Client, caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    client.socket.send(garbage)
    assert client.ask(GET, path("echo")).code == "2.05"
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    "malformed",
    [
        encode(CON, GET, 9, b"t") + b"\xb4abc",
        encode(CON, GET, 9, b"t") + b"\xf0",
        b"\x49\x01\x00\x09" + b"t" * 9,
    ],
)
def test_a_malformed_confirmable_message_is_reset(client: Client, malformed: bytes) -> None:
    client.socket.send(malformed)
    assert client.socket.recv(2048) == encode(RST, "0.00", 9, b"")


def test_a_truncated_datagram_is_refused(client: Client, site: State) -> None:
    client.socket.send(encode(CON, POST, 9, b"tok", path("keep"), big(5000)))
    answer = decode(client.socket.recv(2048))
    assert (answer.kind, answer.code, answer.mid, answer.token) == (ACK, "4.13", 9, b"tok")
    assert answer.number(SIZE1) == 32 * 2**20
    assert answer.problem[0] == "Content Too Large"
    client.socket.send(encode(NON, POST, 10, b"tok", path("keep"), big(5000)))
    client.socket.send(encode(CON, "2.05", 11, b"tok", [], big(5000)))
    assert client.ask(POST, path("keep"), big(3000)).code == "2.01"
    assert site.bodies == [big(3000)]


def test_too_many_requests_at_once(serve: Callable[..., Running]) -> None:
    gateway = serve(waiting=2, threads=1)
    with Client(gateway.port) as client:
        for _ in range(2):
            client.send(GET, path("slow") + query("seconds=0.4"))
        answer = client.ask(GET, path("echo"))
        assert (answer.code, answer.number(MAX_AGE)) == ("5.03", 2)
        assert answer.problem[1] == "The server is busy; try again."
        assert client.ask(GET, path("collections")).code == "2.05"


def test_a_body_above_the_limit(serve: Callable[..., Running], site: State) -> None:
    with Client(serve(max_body=100).port) as client:
        answer = client.ask(POST, path("keep"), big(101))
        assert (answer.code, answer.number(SIZE1)) == ("4.13", 100)
        assert client.ask(POST, path("keep"), big(100)).code == "2.01"
    assert site.bodies == [big(100)]


def test_an_empty_path(client: Client) -> None:
    assert client.ask(GET).code == "4.04"
    assert re.search("nothing at this path", client.ask(GET, [(URI_PATH, b"")]).problem[1])
