"""CoAP over TCP."""

import time

import pytest

from core_api.rest.conditional import etag_of
from core_api.rest.doors import Door
from tests.coap_gateway.datagrams import BLOCK1, BLOCK2, ETAG, GET, POST, SIZE2, block, path
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big
from tests.coap_gateway.streams import ABORT, MAX_MESSAGE_SIZE, PING, PONG, StreamClient, frame
from tests.e2e.ports import has_ipv6


def test_requests(gateway: Running, site: State) -> None:
    with StreamClient(gateway.port) as client:
        assert client.settings.number(MAX_MESSAGE_SIZE) == 2**20
        assert client.ask(GET, path("collections")).code == "2.05"
        assert client.ask(POST, path("keep"), big(100_000)).code == "2.01"
        assert client.ask(GET, path("nothing")).problem[0] == "Not Found"
        assert client.ask(GET, path("echo")).code == "2.05"
    assert site.bodies == [big(100_000)]
    door = site.doors[-1]
    assert isinstance(door, Door)
    assert (door.peer, door.origin) == ("127.0.0.1", f"coap+tcp://127.0.0.1:{gateway.port}")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_ipv6(gateway: Running) -> None:
    with StreamClient(gateway.port, "::1") as client:
        assert client.ask(GET, path("collections")).code == "2.05"


def test_a_large_answer_comes_whole_where_it_may(gateway: Running) -> None:
    with StreamClient(gateway.port, largest=2**20) as client:
        answer = client.ask(GET, path("big", "300000"))
    assert (answer.payload, answer.block2) == (big(300_000), None)


def test_blocks_where_messages_are_small(gateway: Running, site: State) -> None:
    with StreamClient(gateway.port) as client:
        answers = [client.ask(GET, path("big", "3000"))]
        for number in (1, 2):
            option = (BLOCK2, block(number, False, 6))
            answers.append(client.ask(GET, [*path("big", "3000"), option]))
    assert b"".join(answer.payload for answer in answers) == big(3000)
    assert [answer.block2 for answer in answers] == [(0, True, 6), (1, True, 6), (2, False, 6)]
    assert site.reads == 1


def test_bert_downloads(gateway: Running, site: State) -> None:
    with StreamClient(gateway.port, largest=8192 + 128) as client:
        first = client.ask(GET, path("big", "20000"))
        option = (BLOCK2, block(8, False, 7))
        second = client.ask(GET, [*path("big", "20000"), option])
        third = client.ask(GET, [*path("big", "20000"), (BLOCK2, block(16, False, 7))])
    assert first.payload + second.payload + third.payload == big(20000)
    assert [answer.block2 for answer in (first, second, third)] == [
        (0, True, 7),
        (8, True, 7),
        (16, False, 7),
    ]
    assert first.number(SIZE2) == 20000
    assert third.one(ETAG) == bytes.fromhex(etag_of(big(20000)))
    assert site.reads == 1


def test_bert_uploads(gateway: Running, site: State) -> None:
    body = big(500_000)
    with StreamClient(gateway.port) as client:
        for start in range(0, 480 * 1024, 160 * 1024):
            option = (BLOCK1, block(start // 1024, True, 7))
            part = body[start : start + 160 * 1024]
            answer = client.ask(POST, [*path("keep"), option], part)
            assert (answer.code, answer.one(BLOCK1)) == ("2.31", option[1])
        option = (BLOCK1, block(480, False, 7))
        assert client.ask(POST, [*path("keep"), option], body[480 * 1024 :]).code == "2.01"
    assert site.bodies == [body]


def test_an_upload_belongs_to_its_connection(gateway: Running) -> None:
    option = (BLOCK1, block(0, True, 6))
    with StreamClient(gateway.port) as client, StreamClient(gateway.port) as other:
        assert client.ask(POST, [*path("keep"), option], big(1024)).code == "2.31"
        option = (BLOCK1, block(1, False, 6))
        assert other.ask(POST, [*path("keep"), option], b"x").code == "4.08"


@pytest.mark.parametrize("ignored", [frame("0.00"), frame("1.01"), frame("6.00", b"tok")])
def test_what_is_ignored(gateway: Running, ignored: bytes) -> None:
    with StreamClient(gateway.port) as client:
        client.socket.sendall(ignored)
        assert client.ask(GET, path("collections")).code == "2.05"
        tokens = gateway.look(lambda running: running._endpoint.request_interfaces[1])
        assert tokens.incoming_requests == {}


def test_a_path_that_is_no_utf8(gateway: Running) -> None:
    with StreamClient(gateway.port) as client:
        assert client.ask(GET, path(b"\xff")).code == "4.00"
        assert client.ask(GET, path("collections")).code == "2.05"


def test_a_ping(gateway: Running) -> None:
    with StreamClient(gateway.port) as client:
        assert client.ask(PING).code == PONG


def test_garbage_ends_its_connection_only(gateway: Running) -> None:
    with StreamClient(gateway.port) as client, StreamClient(gateway.port) as other:
        other.socket.sendall(b"\x1f\x01" + b"\xff" * 30)
        assert other.receive().code == ABORT
        assert other.is_closed()
        assert client.ask(GET, path("collections")).code == "2.05"


def test_a_peer_that_does_not_read_is_not_read_from(gateway: Running, site: State) -> None:
    with StreamClient(gateway.port, largest=2**20) as client:
        for number in range(60):
            client.socket.sendall(frame(GET, bytes([number]), path("big", "1000000")))
            time.sleep(0.01)
        assert 0 < site.reads < 60
        for _ in range(60):
            assert len(client.receive().payload) == 1_000_000
    assert site.reads == 60
