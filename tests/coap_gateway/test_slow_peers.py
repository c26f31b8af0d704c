"""TCP connections that stall, that are too many, or that ask for more than they read."""

import dataclasses
import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from coap_gateway import server
from coap_gateway.connections import Census, Patience
from coap_gateway.limits import Limits
from coap_gateway.networks import Networks
from tests.coap_gateway.clocks import Clock
from tests.coap_gateway.datagrams import GET, OBSERVE, POST, path, query
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big
from tests.coap_gateway.streams import (
    ABORT,
    CSM,
    MAX_MESSAGE_SIZE,
    RELEASE,
    StreamClient,
    frame,
)

MIB = 2**20


@pytest.fixture(autouse=True)
def _quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "TICK", 0.02)


def connections(running: Running) -> int:
    return running.look(lambda gateway: len(gateway._endpoint.census))


def raw(running: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", running.port), timeout=10)


def ends(connection: socket.socket) -> bool:
    """Whether the server ends a connection, whatever it says before."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    return True


def test_so_many_connections_at_most(limits: Limits) -> None:
    few = dataclasses.replace(
        limits, trusted_networks=(), connections=3, connections_per_peer=2, ipv6_prefix=64
    )
    census = Census(few, Networks(few))
    assert [census.enter(f"2001:db8::{number}") for number in (1, 2, 3)] == [True, True, False]
    assert [census.enter(host) for host in ("192.0.2.1", "192.0.2.2")] == [True, False]
    census.leave("2001:db8::1")
    assert len(census) == 2
    assert census.enter("192.0.2.2")


def test_trusted_peers_have_no_number_of_their_own(limits: Limits) -> None:
    few = dataclasses.replace(limits, connections=3, connections_per_peer=1)
    census = Census(few, Networks(few))
    assert [census.enter("127.0.0.1") for _ in range(4)] == [True, True, True, False]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patience(limits: Limits, clock: Clock) -> Patience:
    changed = dataclasses.replace(limits, connection_stall=30.0, connection_idle=600.0)
    return Patience(changed, clock)


def test_a_stall_is_a_silence_of_who_owes_something(patience: Patience, clock: Clock) -> None:
    clock.now = 100
    assert not patience.is_stalled(0, owes=False)
    clock.now = 130
    assert not patience.is_stalled(0, owes=True)
    clock.now = 131
    assert patience.is_stalled(0, owes=True)
    patience.heard()
    assert not patience.is_stalled(0, owes=True)


def test_a_peer_that_reads_slowly_is_waited_for(patience: Patience, clock: Clock) -> None:
    for unsent in range(1000, 0, -10):
        clock.now += 29
        assert not patience.is_stalled(unsent, owes=False)
    clock.now += 29
    assert not patience.is_stalled(10, owes=False)
    clock.now += 2
    assert patience.is_stalled(10, owes=False)


def test_idle_is_who_sent_no_whole_message(patience: Patience, clock: Clock) -> None:
    clock.now = 500
    patience.used()
    clock.now = 1100
    patience.heard()
    assert not patience.is_idle()
    clock.now = 1101
    assert patience.is_idle()


def test_a_header_without_its_message_ends_the_connection(serve: Callable[..., Running]) -> None:
    gateway = serve(connection_stall=0.1)
    with StreamClient(gateway.port) as client:
        assert client.ask(GET, path("collections")).code == "2.05"
        client.socket.sendall(frame(POST, b"t", path("keep"), big(5000))[:100])
        answer = client.receive()
        assert (answer.code, answer.payload) == (ABORT, b"The connection stalls.")
        assert client.is_closed()
    assert connections(gateway) == 0


def test_a_connection_that_never_says_anything(serve: Callable[..., Running]) -> None:
    gateway = serve(connection_stall=0.1)
    with raw(gateway) as connection:
        assert ends(connection)
    assert connections(gateway) == 0


def test_an_idle_connection_is_released(serve: Callable[..., Running]) -> None:
    gateway = serve(connection_idle=0.1)
    with StreamClient(gateway.port) as client:
        assert client.receive().code == RELEASE
        assert client.is_closed()


def test_who_observes_or_waits_is_not_idle(serve: Callable[..., Running], site: State) -> None:
    gateway = serve(connection_idle=0.1, connection_stall=0.1)
    with StreamClient(gateway.port) as client, StreamClient(gateway.port) as other:
        assert client.ask(GET, [*path("state"), (OBSERVE, b"")]).one(OBSERVE) is not None
        assert other.ask(GET, path("slow") + query("seconds=0.5")).payload == b"done"
        assert client.ask(GET, path("state")).payload == b"first"


def test_a_connection_too_many_is_told(serve: Callable[..., Running]) -> None:
    gateway = serve(trusted_networks=(), connections_per_peer=2)
    with ExitStack() as stack:
        for _ in range(2):
            client = stack.enter_context(StreamClient(gateway.port))
            assert client.ask(GET, path("collections")).code == "2.05"
        refused = stack.enter_context(StreamClient(gateway.port))
        answer = refused.receive()
        assert (answer.code, answer.payload) == (ABORT, b"There are too many connections.")
        assert ends(refused.socket)
        assert connections(gateway) == 2
        assert client.ask(GET, path("collections")).code == "2.05"
    with StreamClient(gateway.port) as client:
        assert client.ask(GET, path("collections")).code == "2.05"


def test_a_message_that_is_too_large(serve: Callable[..., Running]) -> None:
    gateway = serve(message_size=8192)
    with StreamClient(gateway.port, largest=MIB) as client:
        assert client.settings.number(MAX_MESSAGE_SIZE) == 8192
        answer = client.ask(GET, path("big", "30000"))
        assert answer.block2 == (0, True, 7)
        assert len(answer.payload) < 8192
        client.socket.sendall(frame(POST, b"t", path("keep"), big(9000))[:50])
        assert client.receive().code == ABORT
        assert client.is_closed()


def test_who_does_not_read_is_given_up(serve: Callable[..., Running], site: State) -> None:
    gateway = serve(connection_stall=0.2)
    with raw(gateway) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(frame(CSM, options=[(MAX_MESSAGE_SIZE, b"\x10\0\0"), (4, b"")]))
        for number in range(20):
            connection.sendall(frame(GET, bytes([number]), path("big", "1000000")))
        while connections(gateway):
            assert site.reads < 12
        assert ends(connection)


def test_a_flood_on_one_connection_holds_nobody_up(gateway: Running) -> None:
    requests = b"".join(
        frame(GET, number.to_bytes(2, "big"), path("collections")) for number in range(5000)
    )
    with StreamClient(gateway.port) as flooding, StreamClient(gateway.port) as other:
        flooding.socket.sendall(requests)
        assert other.ask(GET, path("collections")).code == "2.05"
        tokens = [flooding.receive().token for _ in range(5000)]
        assert tokens == [number.to_bytes(2, "big") for number in range(5000)]


def test_requests_that_come_at_once_are_all_answered(gateway: Running) -> None:
    request = [*path("slow"), *query("seconds=0.02")]
    with StreamClient(gateway.port) as client:
        client.socket.sendall(b"".join(frame(GET, bytes([n]), request) for n in range(12)))
        assert {client.receive().token for _ in range(12)} == {bytes([n]) for n in range(12)}
