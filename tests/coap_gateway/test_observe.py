"""Observations, from the change feed to the datagram."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.conf import settings

from core_api.rest.conditional import etag_of
from tests.coap_gateway.datagrams import (
    ACK,
    BLOCK2,
    CON,
    ETAG,
    GET,
    NON,
    OBSERVE,
    SIZE2,
    Client,
    block,
    decode,
    encode,
    path,
    query,
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
from tests.coap_gateway.streams import StreamClient, frame
from tests.services import databases
from tests.shared import ROOT


@pytest.fixture(autouse=True)
def _committed(transactional_db: None) -> None:
    """What a test publishes is committed."""


def test_a_change_notifies_once(client: Client, site: State) -> None:
    first = observe(client)
    assert (first.code, first.payload) == ("2.05", b"first")
    start = first.number(OBSERVE)
    assert start is not None
    change(site, b"second")
    second = client.receive()
    assert (second.kind, second.code, second.token) == (CON, "2.05", first.token)
    assert (second.payload, second.one(ETAG)) == (b"second", bytes.fromhex(etag_of(b"second")))
    assert 0 < ((second.number(OBSERVE) or 0) - start) % 2**24 < 2**23
    assert client.is_quiet(QUIET)
    change(site, b"third")
    assert client.receive().payload == b"third"


def test_a_change_in_another_process(client: Client, site: State) -> None:
    observe(client)
    site.value = b"second"
    code = "import django; django.setup()\nfrom core_api import changes; changes.publish('/state')"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "core_api.settings",
        "DATABASE_URL": databases.url(),
        "COAPTURE_DATA": str(settings.COAPTURE_DATA),
    }
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=ROOT)
    assert client.receive().payload == b"second"
    assert client.is_quiet(QUIET)


def test_two_gateways_follow_one_feed_and_number_alike(
    client: Client, serve: Callable[..., Running], site: State
) -> None:
    first = observe(client)
    with Client(serve().port) as other:
        second = observe(other)
        change(site, b"second")
        assert (client.receive().payload, other.receive().payload) == (b"second", b"second")
        assert client.is_quiet(QUIET)
    assert 0 < ((second.number(OBSERVE) or 0) - (first.number(OBSERVE) or 0)) % 2**24 < 2**23


def test_the_same_state_does_not_notify(client: Client, site: State) -> None:
    observe(client)
    publish("/state")
    wait_until(lambda: site.reads == 2)
    assert client.is_quiet(QUIET)


def test_a_change_elsewhere_renders_nothing(client: Client, site: State) -> None:
    observe(client)
    change(site, b"second", "/other", "/state%2Fa", "/statement")
    assert client.is_quiet(QUIET)
    assert site.reads == 1


@pytest.mark.parametrize("changed", ["/state/caf%C3%A9", "/state/caf%C3%A9/below"])
def test_paths_are_compared_decoded_and_changes_below_count(
    client: Client, site: State, changed: str
) -> None:
    observe(client, "state", "café")
    change(site, b"second", changed)
    assert client.receive().payload == b"second"


def test_a_change_beside_latest(client: Client, site: State) -> None:
    observe(client, "state", "latest")
    change(site, b"second", "/state/20261121T080000Z")
    assert client.receive().payload == b"second"


def test_identical_observations_share_one_rendering(gateway: Running, site: State) -> None:
    clients = [Client(gateway.port) for _ in range(5)]
    for client in clients:
        observe(client)
    reads = site.reads
    change(site, b"second")
    assert [client.receive().payload for client in clients] == [b"second"] * 5
    assert site.reads == reads + 1
    for client in clients:
        client.socket.close()


def test_other_queries_are_other_topics(client: Client, site: State) -> None:
    first = client.ask(GET, [*path("state"), *query("a"), REGISTER])
    second = client.ask(GET, [*path("state"), *query("b"), REGISTER])
    change(site, b"second")
    answers = [client.receive(), client.receive()]
    assert {answer.token for answer in answers} == {first.token, second.token}
    assert site.reads == 4


def test_what_cannot_be_observed(client: Client, gateway: Running) -> None:
    for where in (path("echo"), path("nothing"), path("collections")):
        assert client.ask(GET, [*where, REGISTER]).one(OBSERVE) is None
    assert observers(gateway) == 0


def test_a_client_that_has_the_state(client: Client, site: State) -> None:
    etag = bytes.fromhex(etag_of(b"first"))
    first = client.ask(GET, [*path("state"), REGISTER, (ETAG, etag)])
    assert (first.code, first.payload) == ("2.03", b"")
    assert first.number(OBSERVE) is not None
    publish("/state")
    assert client.is_quiet(QUIET)
    change(site, b"second")
    second = client.receive()
    assert (second.code, second.payload) == ("2.05", b"second")


def test_the_latest_state_waits_for_the_acknowledgement(client: Client, site: State) -> None:
    observe(client)
    change(site, b"second")
    second = decode(client.socket.recv(2048))
    assert second.payload == b"second"
    for value in (b"third", b"fourth", b"fifth"):
        change(site, value)
    assert client.is_quiet(QUIET)
    client.socket.send(encode(ACK, "0.00", second.mid, b""))
    assert client.receive().payload == b"fifth"
    assert client.is_quiet(QUIET)


def test_who_asked_without_confirmation_is_told_with_it(client: Client, site: State) -> None:
    first = client.ask(GET, [*path("state"), REGISTER], kind=NON)
    assert first.kind == NON
    for value in (b"second", b"third"):
        change(site, value)
        answer = client.receive()
        assert (answer.kind, answer.payload) == (CON, value)


def test_a_large_state_comes_in_blocks(client: Client, site: State) -> None:
    observe(client)
    change(site, big(2500))
    first = client.receive()
    assert (first.payload, first.block2) == (big(1024), (0, True, 6))
    assert first.number(SIZE2) == 2500
    rest = [
        client.ask(GET, [*path("state"), (BLOCK2, block(number, False, 6))]) for number in (1, 2)
    ]
    assert first.payload + b"".join(answer.payload for answer in rest) == big(2500)
    assert {answer.one(ETAG) for answer in rest} == {first.one(ETAG)}
    assert site.reads == 2


def test_blocks_as_small_as_the_client_wants(client: Client, site: State) -> None:
    client.ask(GET, [*path("state"), REGISTER, (BLOCK2, block(0, False, 2))])
    change(site, big(100))
    assert client.receive().block2 == (0, True, 2)


def test_a_later_block_registers_nothing(client: Client, gateway: Running, site: State) -> None:
    site.value = big(2000)
    answer = client.ask(GET, [*path("state"), REGISTER, (BLOCK2, block(1, False, 6))])
    assert (answer.code, answer.one(OBSERVE)) == ("2.05", None)
    assert observers(gateway) == 0


def test_limits(serve: Callable[..., Running]) -> None:
    gateway = serve(observers=3, observers_per_peer=2)
    with Client(gateway.port) as client, Client(gateway.port) as other:
        seen = [observe(client).one(OBSERVE) is not None for _ in range(3)]
        assert seen == [True, True, False]
        seen = [observe(other).one(OBSERVE) is not None for _ in range(2)]
        assert seen == [True, False]
    assert observers(gateway) == 3


def test_over_tcp(gateway: Running, site: State) -> None:
    with StreamClient(gateway.port) as client:
        assert client.ask(GET, [*path("state"), REGISTER]).number(OBSERVE) is not None
        for value in (b"second", b"third"):
            change(site, value)
            assert client.receive().payload == value
        client.socket.sendall(frame(GET, b"tok", [*path("state"), REGISTER]))
        client.receive()
        assert observers(gateway) == 2
    wait_until(lambda: observers(gateway) == 0)


def test_a_change_while_the_first_state_is_read(serve: Callable[..., Running], site: State) -> None:
    gateway = serve(threads=1)
    with Client(gateway.port) as client, Client(gateway.port) as other:
        other.send(GET, path("slow") + query("seconds=0.3"))
        assert site.opened.wait(5)
        client.send(GET, [*path("state"), REGISTER])
        wait_until(lambda: observers(gateway) == 1)
        change(site, b"second")
        answers = [client.receive(), client.receive()]
        assert [(answer.code, answer.payload) for answer in answers if answer.payload] == [
            ("2.05", b"second")
        ]
        assert client.is_quiet(QUIET)
    assert site.reads == 2


def test_registering_again_before_the_first_answer(
    serve: Callable[..., Running], site: State
) -> None:
    gateway = serve(threads=1)
    with Client(gateway.port) as client, Client(gateway.port) as other:
        other.send(GET, path("slow") + query("seconds=0.3"))
        assert site.opened.wait(5)
        for _ in range(2):
            client.send(GET, [*path("state"), REGISTER], token=b"token", kind=NON)
        assert client.receive().payload == b"first"
        assert client.is_quiet(QUIET)
        assert observers(gateway) == 1
        change(site, b"second")
        assert client.receive().payload == b"second"
