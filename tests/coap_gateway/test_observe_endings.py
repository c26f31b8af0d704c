"""How observations end, and what does not end them."""

import socket

import pytest

from coap_gateway.aiocoap_internals import messages
from core_api.rest.conditional import etag_of
from tests.coap_gateway.datagrams import (
    ACK,
    BLOCK2,
    CON,
    CONTENT_FORMAT,
    ETAG,
    GET,
    MAX_AGE,
    NON,
    OBSERVE,
    RST,
    Client,
    block,
    decode,
    encode,
    path,
)
from tests.coap_gateway.observing import (
    DEREGISTER,
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


@pytest.fixture(autouse=True)
def _committed(transactional_db: None) -> None:
    """What a test publishes is committed."""


def test_deregistration(client: Client, gateway: Running, site: State) -> None:
    first = observe(client)
    client.send(GET, [*path("state"), DEREGISTER], token=first.token)
    last = client.receive()
    assert (last.code, last.one(OBSERVE), last.token) == ("2.05", None, first.token)
    assert observers(gateway) == 0
    change(site, b"second")
    assert client.is_quiet(QUIET)


def test_a_reset_ends_the_observation(client: Client, gateway: Running, site: State) -> None:
    observe(client)
    change(site, b"second")
    notification = decode(client.socket.recv(2048))
    client.socket.send(encode(RST, "0.00", notification.mid, b""))
    wait_until(lambda: observers(gateway) == 0)
    change(site, b"third")
    assert client.is_quiet(QUIET)


def test_registering_again_replaces(client: Client, gateway: Running, site: State) -> None:
    first = observe(client)
    client.send(GET, [*path("state"), REGISTER], token=first.token)
    again = client.receive()
    assert again.code == "2.05"
    assert (again.number(OBSERVE) or 0) > (first.number(OBSERVE) or 0)
    assert observers(gateway) == 1
    change(site, b"second")
    assert client.receive().payload == b"second"
    assert client.is_quiet(QUIET)


def test_an_error_ends_the_observation(client: Client, gateway: Running, site: State) -> None:
    first = observe(client)
    site.failing = True
    publish("/state")
    answer = client.receive()
    assert (answer.code, answer.token, answer.one(OBSERVE)) == ("5.03", first.token, None)
    assert answer.number(MAX_AGE) == 9
    assert observers(gateway) == 0


def test_another_content_format_ends_the_observation(
    client: Client, gateway: Running, site: State
) -> None:
    first = observe(client)
    site.media_type = "image/png"
    change(site, b"second")
    answer = client.receive()
    assert (answer.code, answer.token, answer.one(OBSERVE)) == ("4.06", first.token, None)
    assert answer.problem[1] == "The state has another content-format now."
    assert observers(gateway) == 0


def test_a_client_that_had_the_state_keeps_to_the_next_states_format(
    client: Client, gateway: Running, site: State
) -> None:
    etag = bytes.fromhex(etag_of(b"first"))
    assert client.ask(GET, [*path("state"), REGISTER, (ETAG, etag)]).code == "2.03"
    change(site, b"second")
    assert client.receive().number(CONTENT_FORMAT) == 42
    site.media_type = "image/png"
    change(site, b"third")
    assert client.receive().code == "4.06"
    assert observers(gateway) == 0


def test_a_reset_of_the_first_answer_ends_it_where_that_was_not_confirmable(
    client: Client, gateway: Running, site: State
) -> None:
    first = client.ask(GET, [*path("state"), REGISTER], kind=NON)
    assert (first.kind, observers(gateway)) == (NON, 1)
    client.socket.send(encode(RST, "0.00", first.mid, b""))
    wait_until(lambda: observers(gateway) == 0)
    change(site, b"second")
    assert client.is_quiet(QUIET)


def test_of_first_answers_that_were_not_confirmable_the_latest_are_remembered(
    client: Client, gateway: Running, site: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MOST_UNCONFIRMED", 2)
    answers = [client.ask(GET, [*path("state"), REGISTER], kind=NON) for _ in range(3)]
    for answer in answers:
        client.socket.send(encode(RST, "0.00", answer.mid, b""))
    wait_until(lambda: observers(gateway) == 1)
    change(site, b"second")
    assert client.receive().token == answers[0].token


def test_a_reset_of_nothing_ends_nothing(client: Client, gateway: Running, site: State) -> None:
    first = client.ask(GET, [*path("state"), REGISTER], kind=NON)
    for mid in (first.mid + 1, first.mid - 1):
        client.socket.send(encode(RST, "0.00", mid % 2**16, b""))
    client.socket.send(encode(ACK, "0.00", first.mid, b""))
    change(site, b"second")
    assert client.receive().payload == b"second"


def test_deregistration_under_another_token_ends_nothing(
    client: Client, gateway: Running, site: State
) -> None:
    observe(client)
    assert client.ask(GET, [*path("state"), DEREGISTER]).one(OBSERVE) is None
    assert observers(gateway) == 1


def test_a_plain_request_under_the_same_token_ends_it(
    client: Client, gateway: Running, site: State
) -> None:
    first = observe(client)
    client.send(GET, path("state"), token=first.token)
    assert client.receive().one(OBSERVE) is None
    assert observers(gateway) == 0


def test_the_next_blocks_may_come_under_the_same_token(
    client: Client, gateway: Running, site: State
) -> None:
    first = observe(client)
    change(site, big(2500))
    begin = client.receive()
    rest = []
    for number in (1, 2):
        client.send(GET, [*path("state"), (BLOCK2, block(number, False, 6))], token=first.token)
        rest.append(client.receive())
    assert begin.payload + b"".join(answer.payload for answer in rest) == big(2500)
    assert {answer.one(ETAG) for answer in rest} == {begin.one(ETAG)}
    assert [answer.kind for answer in rest] == [ACK, ACK]
    change(site, b"third")
    assert client.receive().payload == b"third"
    client.send(GET, [*path("state"), DEREGISTER], token=first.token)
    client.receive()
    assert observers(gateway) == 0


def test_blocks_that_are_held_no_longer_may_too(
    client: Client, gateway: Running, site: State
) -> None:
    first = observe(client)
    site.value = big(2500)
    client.send(GET, [*path("state"), (BLOCK2, block(2, False, 6))], token=first.token)
    answer = client.receive()
    assert (answer.payload, answer.token) == (big(2500)[2048:], first.token)
    publish("/state")
    assert client.receive().payload == big(1024)
    client.send(GET, [*path("state"), DEREGISTER], token=first.token)
    client.receive()
    assert observers(gateway) == 0


def test_another_client_on_the_same_port_need_not_listen(gateway: Running, site: State) -> None:
    with Client(gateway.port) as former:
        observe(former)
        name = former.socket.getsockname()
    with Client(gateway.port) as client:
        client.socket.close()
        client.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.socket.bind(name)
        client.socket.connect(("127.0.0.1", gateway.port))
        client.socket.settimeout(10)
        own = observe(client)
        change(site, b"second")
        answers = [decode(client.socket.recv(2048))]
        client.socket.send(
            encode((answers[0].token == own.token and ACK) or RST, "0.00", answers[0].mid, b"")
        )
        answers.append(decode(client.socket.recv(2048)))
        client.socket.send(
            encode((answers[1].token == own.token and ACK) or RST, "0.00", answers[1].mid, b"")
        )
        assert [answer.payload for answer in answers] == [b"second"] * 2
        wait_until(lambda: observers(gateway) == 1)
        change(site, b"third")
        third = client.receive()
        assert (third.kind, third.token, third.payload) == (CON, own.token, b"third")
        assert client.is_quiet(QUIET)


def test_a_port_that_nobody_listens_on_ends_all_that_was_observed_from_it(
    gateway: Running, site: State
) -> None:
    with Client(gateway.port) as client, Client(gateway.port) as other:
        for where in ("a", "b", "c"):
            observe(client, "state", where)
        observe(other, "state", "a")
        client.socket.close()
        change(site, b"second", "/state/a")
        wait_until(lambda: observers(gateway) == 1)
        assert other.receive().payload == b"second"
