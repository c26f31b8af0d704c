"""Peers that have shown that they have their address, and what the others get."""

import asyncio
import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from aiocoap import Context, Message
from aiocoap.numbers import codes
from aiocoap.numbers.codes import Code

from coap_gateway.echo import Echoes
from coap_gateway.limits import Limits
from coap_gateway.networks import Networks
from coap_gateway.verification import VERIFIED_FOR, Allowance, Verification
from tests.coap_gateway.clocks import Clock
from tests.coap_gateway.datagrams import (
    ACK,
    BLOCK1,
    BLOCK2,
    CON,
    ECHO,
    ETAG,
    GET,
    LOCATION_PATH,
    NON,
    OBSERVE,
    POST,
    Answer,
    Client,
    Options,
    block,
    decode,
    encode,
    path,
    query,
)
from tests.coap_gateway.remotes import TCP, UDP
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big
from tests.coap_gateway.streams import StreamClient
from tests.e2e.ports import has_ipv6


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verification(limits: Limits, clock: Clock) -> Verification:
    strict = dataclasses.replace(limits, trusted_networks=(), verified=3)
    return Verification(strict, Networks(strict), Echoes("secret", clock), clock)


@pytest.fixture
def strict(serve: Callable[..., Running]) -> Running:
    """A gateway that trusts nobody."""
    return serve(trusted_networks=())


def request(host: str = "192.0.2.1", echo: bytes | None = None, payload: bytes = b"") -> Message:
    remote = dataclasses.replace(UDP, blockwise_key=((f"::ffff:{host}", 40000, 0, 0), b""))
    options: Options = [(ECHO, echo)] if echo is not None else []
    return Message.decode(encode(CON, POST, 1, b"t", options, payload), remote)


def exchange(client: Client, code: str, options: Options = (), payload: bytes = b"") -> Answer:
    """The answer, which keeps to the rule of three."""
    sent = encode(CON, code, client.mid(), b"12345678", options, payload)
    client.socket.send(sent)
    received = client.socket.recv(2048)
    assert len(received) <= max(136, 3 * len(sent))
    return decode(received)


def test_what_a_stranger_gets(verification: Verification) -> None:
    allowance = verification.allowance(request())
    assert isinstance(allowance, Allowance)
    assert allowance.size == 136
    # Header, token, marker and payload.
    large = verification.allowance(request(payload=bytes(100)))
    assert large is not None
    assert large.size == 3 * (4 + 1 + 1 + 100)


def test_room_is_left_for_the_block_that_is_confirmed(verification: Verification) -> None:
    options = [(BLOCK1, block(0, True, 6))]
    message = Message.decode(encode(CON, POST, 1, b"t", options), request().remote)
    allowance = verification.allowance(message)
    assert allowance is not None
    assert allowance.size == 132
    assert verification.may_get(message, 136)
    assert not verification.may_get(message, 137)


def test_who_returns_an_echo_is_asked_no_more(verification: Verification, clock: Clock) -> None:
    allowance = verification.allowance(request())
    assert allowance is not None
    assert verification.allowance(request(echo=allowance.echo)) is None
    clock.now = VERIFIED_FOR - 1
    assert verification.allowance(request()) is None
    assert verification.allowance(request("192.0.2.2")) is not None
    clock.now = VERIFIED_FOR
    assert verification.allowance(request()) is not None
    verification.expire()
    assert len(verification) == 0


def test_the_echo_of_somebody_else_proves_nothing(verification: Verification) -> None:
    allowance = verification.allowance(request())
    assert allowance is not None
    assert verification.allowance(request("192.0.2.2", echo=allowance.echo)) is not None
    assert verification.allowance(request(echo=b"12345678")) is not None


def test_those_verified_are_so_many_at_most(verification: Verification) -> None:
    hosts = [f"192.0.2.{number}" for number in range(1, 6)]
    for host in hosts:
        allowance = verification.allowance(request(host))
        assert allowance is not None
        verification.allowance(request(host, echo=allowance.echo))
    assert len(verification) == 3
    known = [verification.allowance(request(host)) is None for host in hosts]
    assert known == [False, False, True, True, True]


def test_tcp_and_trusted_networks_need_no_proof(limits: Limits, verification: Verification) -> None:
    message = request()
    message.remote = TCP
    assert verification.allowance(message) is None
    trusting = Verification(limits, Networks(limits), Echoes("secret"))
    assert trusting.allowance(request("127.0.0.1")) is None
    assert trusting.allowance(request("192.0.2.1")) is not None


def test_a_large_answer_comes_in_small_blocks_to_who_fetches_on(
    strict: Running, site: State
) -> None:
    body, answer = b"", None
    with Client(strict.port) as client:
        while answer is None or answer.block2[1]:
            number = 0 if answer is None else answer.block2[0] + 1
            more = [] if answer is None else [(BLOCK2, block(number, False, answer.block2[2]))]
            answer = exchange(client, GET, [*path("big", "1000"), *more])
            assert answer.code == "2.05"
            assert answer.block2[2] == 2
            assert answer.one(ETAG) is not None
            body += answer.payload
    assert body == big(1000)
    assert site.reads == 1


def test_who_returns_the_echo_gets_full_size(strict: Running) -> None:
    with Client(strict.port) as client:
        first = exchange(client, GET, path("big", "1000"))
        assert len(first.payload) == 64
        echo = (ECHO, first.one(ECHO))
        second = client.ask(GET, [*path("big", "1000"), echo])
        assert (second.payload, second.one(ECHO)) == (big(1000), None)
        third = client.ask(GET, path("big", "1000"))
        assert third.payload == big(1000)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_ipv6(strict: Running) -> None:
    with Client(strict.port, "::1") as client:
        first = exchange(client, GET, path("big", "1000"))
        assert len(first.payload) == 64
        echo = (ECHO, first.one(ECHO))
        assert client.ask(GET, [*path("big", "1000"), echo]).payload == big(1000)
    with Client(strict.port) as client:
        assert len(exchange(client, GET, path("big", "1000")).payload) == 64


def test_a_larger_request_gets_larger_blocks(strict: Running) -> None:
    with Client(strict.port) as client:
        answer = exchange(client, GET, path("big", "1000") + query("x=" + "y" * 200))
    assert answer.block2 == (0, True, 5)


def test_discovery_is_cut_too(strict: Running) -> None:
    with Client(strict.port) as client:
        answer = exchange(client, GET, path(".well-known", "core"))
        assert answer.block2 == (0, True, 2)
        assert answer.payload.startswith(b"</collections/images>;rt=")
        later = exchange(client, GET, [*path(".well-known", "core"), (BLOCK2, block(1, False, 2))])
        assert later.block2 == (1, True, 2)


def test_small_answers_are_whole(strict: Running) -> None:
    with Client(strict.port) as client:
        answer = exchange(client, GET, path("big", "16"))
    assert (answer.payload, answer.block2) == (big(16), None)
    assert answer.one(ECHO) is not None


def test_an_upload_and_its_answer(strict: Running, site: State) -> None:
    with Client(strict.port) as client:
        first = exchange(client, POST, [*path("keep"), (BLOCK1, block(0, True, 6))], big(1024))
        assert first.code == "2.31"
        option = (BLOCK1, block(1, False, 6))
        last = exchange(client, POST, [*path("keep"), option], b"x")
    assert (last.code, last.payload) == ("2.01", b"1025")
    assert last.one(BLOCK1) == option[1]
    assert last.options[LOCATION_PATH][0] == b"kept"
    assert site.bodies == [big(1024) + b"x"]


def test_an_observation_needs_an_echo(strict: Running, site: State) -> None:
    options = [*path("state"), (OBSERVE, b"")]
    with Client(strict.port) as client:
        refused = exchange(client, GET, options)
        assert (refused.code, refused.one(OBSERVE)) == ("4.01", None)
        assert site.reads == 0
        answer = client.ask(GET, [*options, (ECHO, refused.one(ECHO))])
        assert (answer.code, answer.payload) == ("2.05", b"first")
        assert answer.one(OBSERVE) is not None
        assert strict.look(lambda gateway: len(gateway.root.observers)) == 1


def test_a_repeated_message_gets_no_more_than_its_own_share(strict: Running) -> None:
    with Client(strict.port) as client:
        long = encode(CON, GET, 7, b"t", path("big", "1000") + query("x=" + "y" * 250))
        client.socket.send(long)
        answer = client.socket.recv(2048)
        assert len(answer) > 3 * 136
        client.socket.send(encode(CON, GET, 7, b"t", path("big")))
        assert client.is_quiet(0.2)
        client.socket.send(long)
        assert client.socket.recv(2048) == answer


@pytest.mark.parametrize("payload_size", [0, 600])
def test_a_separate_response_is_repeated_only_within_the_rule(
    strict: Running, payload_size: int
) -> None:
    options = [*path("slow"), *query("seconds=0.2")]
    with Client(strict.port) as client:
        client.send(POST, options, bytes(payload_size), token=b"12345678")
        assert client.receive().kind == ACK
        answer = client.receive()
    # Five copies are within three times the large request, not within 136 bytes.
    assert answer.kind == (CON if payload_size else NON)
    assert (answer.code, answer.payload) == ("2.04", b"done")


def test_no_proof_over_tcp(strict: Running) -> None:
    with StreamClient(strict.port) as client:
        answer = client.ask(GET, path("big", "1000"))
    assert (answer.payload, answer.one(ECHO)) == (big(1000), None)


@pytest.mark.skipif(not shutil.which("coap-client-notls"), reason="libcoap is not installed")
def test_libcoap_returns_the_echo(strict: Running) -> None:
    address = f"coap://127.0.0.1:{strict.port}/state"
    command = ["timeout", "10", "coap-client-notls", "-B", "5", "-s", "1", address]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "first" in done.stdout
    assert strict.look(lambda gateway: len(gateway.root.verification)) == 1


@pytest.mark.skipif(not shutil.which("coap-client-notls"), reason="libcoap is not installed")
@pytest.mark.parametrize("size", [1000, 20_000])
def test_libcoap_fetches_a_large_body(strict: Running, tmp_path: Path, size: int) -> None:
    address = f"coap://127.0.0.1:{strict.port}/big/{size}"
    body = tmp_path / "body"
    command = ["timeout", "10", "coap-client-notls", "-B", "5", "-o", str(body), address]
    subprocess.run(command, check=True)
    assert body.read_bytes() == big(size)


def test_aiocoap_fetches_a_large_body(strict: Running) -> None:
    async def fetch(code: Code, name: str, payload: bytes) -> bytes:
        context = await Context.create_client_context()
        try:
            uri = f"coap://127.0.0.1:{strict.port}/{name}"
            response = await context.request(Message(code=code, uri=uri, payload=payload)).response
            return bytes(response.payload)
        finally:
            await context.shutdown()

    assert asyncio.run(fetch(codes.GET, "big/2000", b"")) == big(2000)
    told = asyncio.run(fetch(codes.POST, "echo", big(2000)))
    assert json.loads(told)["body"] == big(2000).hex()
