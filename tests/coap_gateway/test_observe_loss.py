"""Observers who do not answer: for a moment, for long, for ever."""

import errno
from collections.abc import Callable
from functools import partial

import pytest
from aiocoap.numbers.constants import TransportTuning

from coap_gateway import server
from tests.coap_gateway.datagrams import (
    ACK,
    CON,
    GET,
    OBSERVE,
    RST,
    Answer,
    Client,
    decode,
    encode,
    path,
)
from tests.coap_gateway.observing import (
    QUIET,
    REGISTER,
    change,
    observe,
    observers,
    publish,
    wait_until,
)
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big
from tests.coap_gateway.streams import PING, PONG, StreamClient, frame

# Seconds before a message is sent again (the usual ones are two), and how often it is sent in all.
PATIENCE, TIMES = 0.2, 3
MIB = 2**20


@pytest.fixture(autouse=True)
def _committed(transactional_db: None) -> None:
    """What a test publishes is committed."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway repeats soon what is not acknowledged."""
    monkeypatch.setattr(TransportTuning, "ACK_TIMEOUT", PATIENCE)
    monkeypatch.setattr(TransportTuning, "ACK_RANDOM_FACTOR", 1.0)
    monkeypatch.setattr(TransportTuning, "MAX_RETRANSMIT", TIMES - 1)
    monkeypatch.setattr(server, "TICK", PATIENCE / 2)


def hear(client: Client) -> Answer:
    """The next message, which is not acknowledged."""
    return decode(client.socket.recv(2048))


def answer(client: Client, kind: int, message: Answer) -> None:
    client.socket.send(encode(kind, "0.00", message.mid, b""))


def test_one_lost_message_ends_nothing(client: Client, gateway: Running, site: State) -> None:
    observe(client)
    change(site, b"second")
    first, again = hear(client), hear(client)
    assert (first.kind, first.payload) == (CON, b"second")
    assert again == first
    answer(client, ACK, again)
    assert client.is_quiet(QUIET)
    change(site, b"third")
    assert client.receive().payload == b"third"


def test_who_acknowledges_nothing_observes_no_longer(
    client: Client, gateway: Running, site: State
) -> None:
    for where in ("a", "b"):
        observe(client, "state", where)
    change(site, b"second", "/state/a")
    assert len({hear(client).mid for _ in range(TIMES)}) == 1
    assert observers(gateway) == 2
    wait_until(lambda: observers(gateway) == 0)
    change(site, b"third", "/state/a")
    assert client.is_quiet(QUIET)


def test_what_is_sent_again_is_the_latest_state(client: Client, site: State) -> None:
    observe(client)
    change(site, b"second")
    second = hear(client)
    for value in (b"third", b"fourth"):
        change(site, value)
    fourth = hear(client)
    assert (second.payload, fourth.payload) == (b"second", b"fourth")
    assert fourth.mid != second.mid
    assert 0 < ((fourth.number(OBSERVE) or 0) - (second.number(OBSERVE) or 0)) % 2**24 < 2**23
    answer(client, ACK, fourth)
    assert client.is_quiet(QUIET)
    assert site.reads == 3


def test_newer_states_do_not_prolong_the_patience(
    client: Client, gateway: Running, site: State
) -> None:
    observe(client)
    for number in range(TIMES):
        change(site, str(number).encode())
        assert hear(client).payload == str(number).encode()
    wait_until(lambda: observers(gateway) == 0)


def test_a_late_state_that_is_the_same_is_sent_as_it_was(client: Client, site: State) -> None:
    observe(client)
    change(site, b"second")
    first = hear(client)
    publish("/state")
    assert [hear(client) for _ in range(TIMES - 1)] == [first] * (TIMES - 1)


def test_an_error_takes_the_place_of_a_late_state(
    client: Client, gateway: Running, site: State
) -> None:
    observe(client)
    change(site, b"second")
    hear(client)
    site.failing = True
    publish("/state")
    error = hear(client)
    assert (error.kind, error.code) == (CON, "5.03")
    answer(client, ACK, error)
    assert client.is_quiet(QUIET)
    assert observers(gateway) == 0


def test_what_waits_behind_another_message_is_the_latest_state(
    client: Client, gateway: Running, site: State
) -> None:
    tokens = {observe(client, "state", where).token: where for where in ("a", "b")}
    change(site, b"second", "/state/a", "/state/b")
    first = hear(client)
    late = "b" if tokens[first.token] == "a" else "a"
    wait_until(lambda: site.reads == 4)
    change(site, b"third", f"/state/{late}")
    wait_until(lambda: gateway.look(partial(_changes, f"/state/{late}")) == 2)
    answer(client, ACK, first)
    message = client.receive()
    while message.token == first.token:
        message = client.receive()
    assert message.payload == b"third"
    assert client.is_quiet(QUIET)


def _changes(where: str, running: server.Gateway) -> int:
    """How many changes of the only topic at a path the gateway knows of."""
    (topic,) = running.root.observers._topics.at([where])
    return topic.version


def test_a_network_that_is_gone_for_a_moment_ends_nothing(
    client: Client, gateway: Running, site: State
) -> None:
    observe(client)
    gateway.look(partial(_fail, errno.EHOSTUNREACH))
    change(site, b"second")
    assert hear(client).payload == b"second"
    gateway.look(partial(_fail, errno.ENETUNREACH))
    assert hear(client).payload == b"second"
    assert observers(gateway) == 1
    gateway.look(partial(_fail, errno.ECONNREFUSED))
    assert observers(gateway) == 0
    assert client.is_quiet(TIMES * PATIENCE)


def _fail(number: int, running: server.Gateway) -> None:
    """The network reports an error of the only observer's address."""
    tokens = running._endpoint.request_interfaces[0]
    ((_, remote),) = tokens.incoming_requests
    tokens.token_interface.dispatch_error(OSError(number, "from the network"), remote)


@pytest.fixture
def asking(serve: Callable[..., Running]) -> Running:
    """A gateway that asks for a sign of life very soon."""
    return serve(observer_silence=2 * PATIENCE)


def test_who_is_silent_is_asked_and_stays_when_it_answers(asking: Running, site: State) -> None:
    with Client(asking.port) as client:
        for where in ("a", "b"):
            observe(client, "state", where)
        for _ in range(2):
            ping = hear(client)
            assert (ping.kind, ping.code, ping.token, ping.payload) == (CON, "0.00", b"", b"")
            answer(client, RST, ping)
        assert observers(asking) == 2


def test_who_does_not_answer_observes_no_longer(asking: Running, site: State) -> None:
    with Client(asking.port) as client:
        for where in ("a", "b"):
            observe(client, "state", where)
        assert len({hear(client).mid for _ in range(TIMES)}) == 1
        wait_until(lambda: observers(asking) == 0)
        assert client.is_quiet(QUIET)


def test_connections_are_asked_too(asking: Running, site: State) -> None:
    with StreamClient(asking.port) as client:
        client.ask(GET, [*path("state"), REGISTER])
        ping = client.receive()
        assert ping.code == PING
        client.socket.sendall(frame(PONG, ping.token))
        assert observers(asking) == 1


def test_a_connection_that_is_not_read_holds_little_and_hears_the_latest(
    gateway: Running, site: State
) -> None:
    with StreamClient(gateway.port, largest=MIB) as client:
        client.ask(GET, [*path("state"), REGISTER])
        # More than the kernel takes on both sides.
        for number in range(30):
            reads = site.reads
            change(site, bytes([number]) + big(900_000))
            if number < 5:
                wait_until(lambda reads=reads: site.reads > reads)
        assert gateway.look(_waiting) < 2 * MIB
        assert site.reads < 30
        heard = []
        while not heard or heard[-1] != 29:
            heard.append(client.receive().payload[0])
        assert heard == sorted(set(heard))
    wait_until(lambda: observers(gateway) == 0)


def _waiting(running: server.Gateway) -> int:
    """Bytes that wait for the only connection."""
    interfaces = running._endpoint.request_interfaces
    (connection,) = {
        each for one in interfaces for each in getattr(one.token_interface, "_pool", ())
    }
    size: int = connection._transport.get_write_buffer_size()
    return size
