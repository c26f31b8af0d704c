"""Uploads that go on after a restart, from another port, in another process."""

from collections.abc import Callable

import cbor2
import pytest

from tests.coap_gateway.datagrams import (
    BLOCK1,
    CONTENT_FORMAT,
    POST,
    PUT,
    REQUEST_TAG,
    SIZE1,
    URI_HOST,
    Answer,
    Client,
    Options,
    block,
    path,
    query,
    uint,
)
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big
from tests.core_api.uploads.spools import quota

SIZE = 1024
BODY = big(9 * SIZE + 100)
LAST = 9
TAG = b"8 bytes."
DIGEST = "sha256=" + "0f" * 32
Serve = Callable[..., Running]


def send(
    client: Client,
    number: int,
    *,
    body: bytes = BODY,
    exponent: int = 6,
    tags: tuple[bytes, ...] = (TAG,),
    items: tuple[str, ...] = ("d=cam-7", DIGEST),
    more: Options = (),
    method: str = POST,
) -> Answer:
    """Send one block."""
    size = 16 << exponent
    option = (BLOCK1, block(number, (number + 1) * size < len(body), exponent))
    options = [*path("keep"), *query(*items), option, *((REQUEST_TAG, tag) for tag in tags), *more]
    return client.ask(method, options, body[number * size : (number + 1) * size])


def half(port: int, **how: object) -> None:
    """Send the first half from a port that is not used again."""
    with Client(port) as client:
        assert [send(client, number, **how).code for number in range(5)] == ["2.31"] * 5


def state_of(answer: Answer) -> dict[str, object]:
    """How far the upload is."""
    assert (answer.code, answer.number(CONTENT_FORMAT)) == ("4.08", 60)
    return cbor2.loads(answer.payload)


def rest(client: Client, **how: object) -> Answer:
    """Ask how far it is by the last block, and send what is missing."""
    state = state_of(send(client, LAST, **how))
    assert (state["received"], state["next"], state["deviceId"]) == (5 * SIZE, 5, "cam-7")
    for number in range(5, LAST + 1):
        answer = send(client, number, **how)
    return answer


def test_another_port_goes_on(serve: Serve, site: State) -> None:
    gateway = serve()
    half(gateway.port)
    with Client(gateway.port) as client:
        assert rest(client).code == "2.01"
    assert site.bodies == [BODY]
    assert list(gateway.look(_folder).iterdir()) == []


def _folder(running: object) -> object:
    return running.root.assembly.uploads.spool.folder


@pytest.mark.parametrize("method", [POST, PUT])
def test_a_new_gateway_goes_on(serve: Serve, site: State, method: str) -> None:
    former = serve()
    half(former.port, method=method)
    received = former.look(_received)
    former.stop()
    with Client(serve().port) as client:
        assert rest(client, method=method).code == "2.01"
    assert site.bodies == [BODY]
    assert [door.received for door in site.doors] == [received]


def _received(running: object) -> object:
    (upload,) = running.root.assembly.uploads._proven._entries.values()
    return upload[1].received


def test_two_gateways_take_turns(serve: Serve, site: State) -> None:
    with Client(serve().port) as one, Client(serve().port) as other:
        send(one, 0)
        answers = [send((one, other)[number // 2 % 2], number) for number in range(1, LAST + 1)]
    assert [answer.code for answer in answers] == ["2.31"] * 8 + ["2.01"]
    assert site.bodies == [BODY]


def test_blocks_that_were_received_already(serve: Serve, site: State) -> None:
    gateway = serve()
    half(gateway.port)
    with Client(gateway.port) as client:
        codes = [send(client, number).code for number in range(LAST + 1)]
        assert codes == ["2.31"] * LAST + ["2.01"]
        assert send(client, LAST).code == "2.01"
    assert site.bodies == [BODY]


def test_smaller_blocks_go_on(serve: Serve, site: State) -> None:
    gateway = serve()
    half(gateway.port)
    with Client(gateway.port) as client:
        state = state_of(send(client, 4 * LAST, exponent=4))
        assert state["next"] == 20
        codes = [send(client, number, exponent=4).code for number in range(20, 37)]
    assert codes == ["2.31"] * 16 + ["2.01"]
    assert site.bodies == [BODY]


def test_the_name_of_the_server_does_not_matter(serve: Serve, site: State) -> None:
    gateway = serve()
    half(gateway.port, more=[(URI_HOST, b"here.example")])
    with Client(gateway.port) as client:
        assert rest(client).code == "2.01"


@pytest.mark.parametrize(
    "how",
    [
        {"tags": (b"8 bytes!",)},
        {"tags": ()},
        {"tags": (TAG, TAG)},
        {"items": ("d=cam-7", "sha256=" + "00" * 32)},
        {"items": ("d=cam-8", DIGEST)},
        {"items": ("d=cam-7",)},
        {"method": PUT},
    ],
)
def test_who_shows_anything_else_meets_nothing(
    serve: Serve, site: State, how: dict[str, object]
) -> None:
    gateway = serve()
    half(gateway.port)
    with Client(gateway.port) as stranger:
        assert send(stranger, LAST, **how).problem[0] == "Request Entity Incomplete"
        assert send(stranger, 0, body=BODY[::-1], **how).code == "2.31"
        assert send(stranger, 1, body=BODY[::-1], **how).code == "2.31"
        assert send(stranger, 0, body=BODY, more=[(SIZE1, uint(2**31))], **how).code == "4.13"
    with Client(gateway.port) as client:
        assert rest(client).code == "2.01"
    assert site.bodies == [BODY]


@pytest.mark.parametrize(
    "how",
    [
        {"tags": (b"7 bytes",)},
        {"tags": (TAG, b"another.")},
        {"items": ("d=cam-7", "sha256=")},
        {"items": ("d=cam-7", "sha256=" + "0g" * 32)},
        {"items": ("d=cam-7", "xsha256=" + "00" * 32)},
    ],
)
def test_who_shows_too_little_cannot_go_on_elsewhere(serve: Serve, how: dict[str, object]) -> None:
    gateway = serve()
    half(gateway.port, **how)
    with Client(gateway.port) as client:
        assert send(client, 5, **how).problem[0] == "Request Entity Incomplete"


def test_a_large_upload_of_one_endpoint_survives_a_restart(serve: Serve, site: State) -> None:
    former = serve(upload_spool=2 * SIZE)
    plain = {"tags": (), "items": ("d=cam-7",)}
    with Client(former.port) as client:
        for number in range(5):
            send(client, number, **plain)
        former.stop()
        gateway = Running(former._limits)
        gateway.port = former.port
        gateway.start()
        try:
            assert rest(client, **plain).code == "2.01"
        finally:
            gateway.stop()
    assert site.bodies == [BODY]


def test_another_upload_of_that_endpoint_is_another(serve: Serve, site: State) -> None:
    other = BODY[::-1]
    plain = {"tags": (), "items": ("d=cam-7",)}
    with Client(serve(upload_spool=2 * SIZE).port) as client:
        for number in range(5):
            send(client, number, **plain)
        codes = [send(client, number, body=other, **plain).code for number in range(LAST + 1)]
    assert codes == ["2.31"] * LAST + ["2.01"]
    assert site.bodies == [other]


def test_without_room_on_disk_nothing_is_lost(serve: Serve, site: State) -> None:
    gateway = serve(spool_quota=quota(size=1))
    half(gateway.port)
    with Client(gateway.port) as client:
        assert rest(client).code == "2.01"
    assert site.bodies == [BODY]


def test_strangers_cannot_fill_the_disk_under_an_upload(serve: Serve, site: State) -> None:
    gateway = serve(spool_quota=quota(size=64 * SIZE), upload_spool=2 * SIZE)
    with Client(gateway.port) as client:
        send(client, 0, more=[(SIZE1, uint(len(BODY)))])
        for number in range(1, 5):
            send(client, number)
    refused = 0
    for number in range(20):
        with Client(gateway.port) as stranger:
            tag = (number.to_bytes(8, "big"),)
            codes = [send(stranger, block, tags=tag).code for block in range(5)]
            refused += "5.03" in codes
    assert refused > 0
    with Client(gateway.port) as client:
        for number in range(5, LAST + 1):
            answer = send(client, number)
    assert answer.code == "2.01"
    assert site.bodies == [BODY]
