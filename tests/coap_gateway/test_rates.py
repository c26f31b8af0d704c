"""Token buckets, and what a peer sees that sends too much."""

import dataclasses
import itertools
from collections.abc import Callable

import pytest

from coap_gateway.limits import Limits
from coap_gateway.networks import Networks
from coap_gateway.rates import Rates
from tests.coap_gateway.clocks import Clock
from tests.coap_gateway.datagrams import (
    ACK,
    BLOCK1,
    CON,
    GET,
    MAX_AGE,
    NON,
    POST,
    RST,
    Client,
    block,
    decode,
    encode,
    path,
)
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big
from tests.coap_gateway.streams import StreamClient, frame

PEER, OTHER = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(limits: Limits, clock: Clock) -> Callable[..., Rates]:
    """make(rate=2.0, ...): rates in which nobody is trusted."""

    def make(**changes: object) -> Rates:
        changed = dataclasses.replace(limits, **{"trusted_networks": (), **changes})
        return Rates(changed, Networks(changed), clock)

    return make


def admitted(rates: Rates, host: str, messages: int) -> int:
    return sum(rates.wait(host) == 0 for _ in range(messages))


def test_a_burst_and_then_the_rate(make: Callable[..., Rates], clock: Clock) -> None:
    rates = make(rate=10.0, burst=5)
    assert admitted(rates, PEER, 20) == 5
    assert rates.wait(PEER) == pytest.approx(0.1)
    clock.now += 0.3
    assert admitted(rates, PEER, 20) == 3
    clock.now += 100
    assert admitted(rates, PEER, 20) == 5


def test_each_peer_has_its_own(make: Callable[..., Rates]) -> None:
    rates = make(rate=1.0, burst=1)
    assert [admitted(rates, host, 2) for host in (PEER, OTHER)] == [1, 1]


def test_the_addresses_of_one_ipv6_network_share(make: Callable[..., Rates]) -> None:
    rates = make(rate=1.0, burst=3)
    assert sum(admitted(rates, f"2001:db8::{number}", 1) for number in range(1, 9)) == 3
    assert admitted(rates, "2001:db8:0:1::1", 1) == 1
    exact = make(rate=1.0, burst=3, ipv6_prefix=128)
    assert sum(admitted(exact, f"2001:db8::{number}", 1) for number in range(1, 9)) == 8


def test_no_limit(make: Callable[..., Rates], limits: Limits) -> None:
    assert admitted(make(rate=0.0, burst=1), PEER, 100) == 100
    trusting = make(rate=1.0, burst=1, trusted_networks=limits.trusted_networks)
    assert admitted(trusting, "::ffff:127.0.0.1", 100) == 100
    assert len(trusting) == 0


def test_a_peer_is_told_once_in_the_time_that_it_is_told(
    make: Callable[..., Rates], clock: Clock
) -> None:
    rates = make(rate=0.4, burst=1)
    told = []
    for _ in range(60):
        seconds = rates.retry_after(PEER) if rates.wait(PEER) else None
        if seconds is not None:
            told.append((clock.now, seconds))
        clock.now += 0.25
    assert told[0] == (0.25, 3)
    assert len(told) > 4
    for (earlier, seconds), (later, _) in itertools.pairwise(told):
        assert later >= earlier + seconds


def test_buckets_that_are_full_again_are_forgotten(
    make: Callable[..., Rates], clock: Clock
) -> None:
    rates = make(rate=10.0, burst=20)
    rates.wait(PEER)
    clock.now += 2
    rates.expire()
    assert len(rates) == 1
    clock.now += 2
    rates.expire()
    assert len(rates) == 0


def test_the_number_of_buckets_is_bounded(make: Callable[..., Rates]) -> None:
    rates = make(rate=1.0, burst=1, verified=100)
    for number in range(1000):
        rates.wait(f"10.0.{number // 250}.{number % 250}")
    assert len(rates) == 100
    assert rates.wait("10.0.3.249") > 0


@pytest.mark.parametrize(("kind", "answer_kind"), [(CON, ACK), (NON, NON)])
def test_4_29_once_and_then_silence(
    serve: Callable[..., Running], kind: int, answer_kind: int
) -> None:
    gateway = serve(trusted_networks=(), rate=0.5, burst=3)
    with Client(gateway.port) as client:
        sent = [client.send(GET, path("collections"), kind=kind) for _ in range(20)]
        answers = [decode(client.socket.recv(2048)) for _ in range(4)]
        assert client.is_quiet(0.2)
    assert [answer.code for answer in answers] == ["2.05"] * 3 + ["4.29"]
    last = answers[-1]
    assert last.kind == answer_kind
    assert last.token == sent[3][1]
    assert (last.mid == sent[3][0]) == (kind == CON)
    assert last.number(MAX_AGE) == 2
    assert last.problem == ("Too Many Requests", "Send less.")


def test_4_29_is_no_amplifier(serve: Callable[..., Running]) -> None:
    gateway = serve(trusted_networks=(), rate=0.1, burst=1)
    with Client(gateway.port) as client:
        for _ in range(2):
            client.socket.send(encode(CON, GET, client.mid(), b"12345678", path("x")))
        assert max(len(client.socket.recv(2048)) for _ in range(2)) <= 136


def test_what_is_no_request_is_not_told(serve: Callable[..., Running]) -> None:
    gateway = serve(trusted_networks=(), rate=0.1, burst=1)
    with Client(gateway.port) as client:
        assert client.ask(GET, path("collections")).code == "2.05"
        client.socket.send(encode(CON, "0.00", client.mid(), b""))
        client.socket.send(encode(ACK, "2.05", client.mid(), b"t"))
        client.socket.send(b"\x4f\x01\x00\x00")
        assert client.is_quiet(0.2)
        client.send(GET, path("collections"))
        assert client.receive().code == "4.29"


def test_acknowledgements_are_not_counted(serve: Callable[..., Running]) -> None:
    gateway = serve(trusted_networks=(), rate=0.1, burst=2)
    with Client(gateway.port) as client:
        for kind in (ACK, RST) * 5:
            client.socket.send(encode(kind, "0.00", client.mid(), b""))
        for _ in range(2):
            assert client.ask(GET, path("collections")).code == "2.05"


def test_a_full_speed_upload_is_within_the_usual_rate(
    serve: Callable[..., Running], site: State
) -> None:
    gateway = serve(trusted_networks=())
    body = big(2 * 2**20)
    with Client(gateway.port) as client:
        for number in range(2048):
            option = (BLOCK1, block(number, number < 2047, 6))
            part = body[number * 1024 : (number + 1) * 1024]
            answer = client.ask(POST, [*path("keep"), option], part)
            assert answer.code == ("2.31" if number < 2047 else "2.01")
    assert site.bodies == [body]


def test_over_tcp_a_peer_is_read_from_no_faster(serve: Callable[..., Running]) -> None:
    gateway = serve(trusted_networks=(), rate=20.0, burst=2)
    with StreamClient(gateway.port) as client:
        requests = [frame(GET, bytes([number]), path("collections")) for number in range(8)]
        client.socket.sendall(b"".join(requests))
        assert [client.receive().token for _ in requests] == [bytes([n]) for n in range(8)]
        waits = gateway.look(lambda running: running._endpoint.rates.wait("127.0.0.1"))
        assert waits > 0
