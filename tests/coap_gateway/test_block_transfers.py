"""Block1 and Block2 over UDP."""

from collections.abc import Callable

import cbor2
import pytest

from core_api.rest.conditional import etag_of
from tests.coap_gateway.datagrams import (
    BLOCK1,
    BLOCK2,
    CONTENT_FORMAT,
    ETAG,
    FETCH,
    GET,
    MAX_AGE,
    POST,
    REQUEST_TAG,
    SIZE1,
    SIZE2,
    Answer,
    Client,
    Options,
    block,
    path,
    uint,
)
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big

BODY = big(5000)
SIZE = 1024


def put_block(
    client: Client, number: int, body: bytes = BODY, options: Options = (), exponent: int = 6
) -> Answer:
    """Send one block of a POST."""
    size = 16 << exponent
    data = body[number * size : (number + 1) * size]
    option = (BLOCK1, block(number, (number + 1) * size < len(body), exponent))
    return client.ask(POST, [*path("keep"), option, *options], data)


def codes(answers: list[Answer]) -> list[str]:
    return [answer.code for answer in answers]


def test_an_upload(client: Client, site: State) -> None:
    answers = [put_block(client, number) for number in range(5)]
    assert codes(answers) == ["2.31"] * 4 + ["2.01"]
    blocks = [answer.one(BLOCK1) for answer in answers]
    assert blocks == [block(number, number < 4, 6) for number in range(5)]
    assert answers[-1].payload == b"5000"
    assert site.bodies == [BODY]


def test_blocks_of_16_bytes(client: Client, site: State) -> None:
    answers = [put_block(client, number, big(100), exponent=0) for number in range(7)]
    assert codes(answers) == ["2.31"] * 6 + ["2.01"]
    assert site.bodies == [big(100)]


def test_a_gap_and_its_repair(client: Client, site: State) -> None:
    put_block(client, 0)
    answer = put_block(client, 2)
    assert (answer.code, answer.number(CONTENT_FORMAT)) == ("4.08", 60)
    state = cbor2.loads(answer.payload)
    assert (state["received"], state["next"], state["deviceId"]) == (SIZE, 1, None)
    assert codes([put_block(client, number) for number in range(1, 5)])[-1] == "2.01"
    assert site.bodies == [BODY]


def test_repeated_blocks_under_new_message_ids(client: Client, site: State) -> None:
    answers = [put_block(client, number) for number in (0, 0, 1, 1, 2, 3, 4, 4, 4)]
    assert codes(answers) == ["2.31"] * 6 + ["2.01"] * 3
    assert {answer.payload for answer in answers[6:]} == {b"5000"}
    assert site.bodies == [BODY]


def test_uploads_of_two_clients_interleaved(client: Client, gateway: Running, site: State) -> None:
    other = BODY[::-1]
    with Client(gateway.port) as second:
        for number in range(5):
            put_block(client, number)
            put_block(second, number, other)
    assert site.bodies == [BODY, other]


def test_uploads_of_one_client_interleaved(client: Client, site: State) -> None:
    other = BODY[::-1]
    for number in range(5):
        put_block(client, number, BODY, [(REQUEST_TAG, b"1")])
        put_block(client, number, other, [(REQUEST_TAG, b"2")])
    assert site.bodies == [BODY, other]


def test_another_body_begins_anew(client: Client, site: State) -> None:
    for number in range(3):
        put_block(client, number)
    other = b"other" * 400
    assert codes([put_block(client, number, other) for number in range(2)]) == ["2.31", "2.01"]
    assert site.bodies == [other]


def test_a_large_upload_goes_over_disk(client: Client, gateway: Running, site: State) -> None:
    body = big(100 * SIZE)
    for number in range(99):
        put_block(client, number, body)
    uploads = gateway.look(lambda running: running.root.assembly.uploads)
    assert uploads.memory == 0
    assert 99 * SIZE < uploads.spool.used < 100 * SIZE
    assert put_block(client, 99, body).code == "2.01"
    assert (uploads.memory, uploads.spool.used, len(uploads)) == (0, 0, 0)
    assert site.bodies == [body]


def test_too_large(serve: Callable[..., Running], site: State) -> None:
    with Client(serve(max_body=2 * SIZE).port) as client:
        answers = [put_block(client, number) for number in range(3)]
        assert codes(answers) == ["2.31", "2.31", "4.13"]
        assert answers[-1].number(SIZE1) == 2 * SIZE
        early = put_block(client, 0, BODY, [(SIZE1, uint(len(BODY)))])
        assert (early.code, early.number(SIZE1)) == ("4.13", 2 * SIZE)
    assert site.bodies == []


def test_a_wrong_format_is_told_at_the_first_block(client: Client) -> None:
    assert put_block(client, 0, BODY, [(CONTENT_FORMAT, uint(9999))]).code == "4.15"


def test_no_room(serve: Callable[..., Running]) -> None:
    with Client(serve(uploads_per_peer=1).port) as client:
        for number in range(2):
            put_block(client, number, BODY, [(REQUEST_TAG, b"1")])
        answer = put_block(client, 0, BODY, [(REQUEST_TAG, b"2")])
        assert (answer.code, answer.number(MAX_AGE)) == ("5.03", 30)


def get_block(client: Client, number: int, exponent: int = 6, name: str = "5000") -> Answer:
    return client.ask(GET, [*path("big", name), (BLOCK2, block(number, False, exponent))])


def test_a_download(client: Client, site: State) -> None:
    answers = [client.ask(GET, path("big", "5000"))]
    answers += [get_block(client, number) for number in range(1, 5)]
    assert b"".join(answer.payload for answer in answers) == BODY
    assert [answer.block2 for answer in answers] == [(number, number < 4, 6) for number in range(5)]
    assert {answer.one(ETAG) for answer in answers} == {bytes.fromhex(etag_of(BODY))}
    assert [answer.number(SIZE2) for answer in answers] == [5000] + [None] * 4
    assert {answer.number(CONTENT_FORMAT) for answer in answers} == {42}
    assert site.reads == 1


def test_small_blocks_that_the_client_wants(client: Client, site: State) -> None:
    answers = [get_block(client, number, 2, "200") for number in range(4)]
    assert b"".join(answer.payload for answer in answers) == big(200)
    assert site.reads == 1


def test_smaller_blocks_half_way(client: Client) -> None:
    client.ask(GET, path("big", "5000"))
    answer = get_block(client, 4, 4)
    assert (answer.payload, answer.block2) == (BODY[1024:1280], (4, True, 4))


def test_any_block_at_any_time(client: Client, site: State) -> None:
    answer = get_block(client, 3)
    assert (answer.code, answer.payload) == ("2.05", BODY[3 * SIZE : 4 * SIZE])
    assert answer.one(ETAG) == bytes.fromhex(etag_of(BODY))
    assert get_block(client, 1).payload == BODY[SIZE : 2 * SIZE]
    assert site.reads == 1


def test_blocks_are_rendered_again_when_there_is_no_room(
    serve: Callable[..., Running], site: State
) -> None:
    with Client(serve(download_memory=100).port) as client:
        answers = [get_block(client, number) for number in range(5)]
    assert b"".join(answer.payload for answer in answers) == BODY
    assert site.reads == 5


@pytest.mark.parametrize(("number", "exponent"), [(5, 6), (1 << 19, 0)])
def test_a_block_after_the_end(client: Client, number: int, exponent: int) -> None:
    assert get_block(client, number, exponent).code == "4.00"
    client.ask(GET, path("big", "5000"))
    assert get_block(client, number, exponent).code == "4.00"


def test_a_download_without_a_tag_gets_one(client: Client) -> None:
    options = [(BLOCK2, block(number, False, 6)) for number in range(3)]
    answers = [client.ask(GET, [*path("stream"), option]) for option in options]
    assert b"".join(answer.payload for answer in answers) == 2 * big(1500)
    assert len({answer.one(ETAG) for answer in answers}) == 1


def test_a_large_answer_to_a_fetch(client: Client, site: State) -> None:
    payload = big(900)
    first = client.ask(FETCH, path("echo"), payload)
    second = client.ask(FETCH, [*path("echo"), (BLOCK2, block(1, False, 6))])
    assert (first.code, second.code) == ("2.05", "2.05")
    assert payload.hex().encode() in first.payload + second.payload
    assert len(site.doors) == 1
    other = client.ask(FETCH, [*path("echo", "other"), (BLOCK2, block(1, False, 6))])
    assert (other.code, len(site.doors)) == ("4.08", 1)


def test_both_directions_in_blocks(client: Client) -> None:
    body = big(1500)
    where = path("echo")
    client.ask(POST, [*where, (BLOCK1, block(0, True, 6))], body[:SIZE])
    options = [*where, (BLOCK1, block(1, False, 6))]
    first = client.ask(POST, options, body[SIZE:])
    assert (first.code, first.one(BLOCK1)) == ("2.04", block(1, False, 6))
    assert first.block2 == (0, True, 6)
    rest = []
    while not rest or rest[-1].block2[1]:
        number = len(rest) + 1
        rest.append(client.ask(POST, [*where, (BLOCK2, block(number, False, 6))]))
    answer = first.payload + b"".join(answer.payload for answer in rest)
    assert body.hex().encode() in answer


def test_a_last_block_that_comes_again_while_it_is_answered(
    serve: Callable[..., Running], site: State
) -> None:
    with Client(serve(threads=1).port) as client, Client(client.socket.getpeername()[1]) as other:
        other.send(GET, [*path("slow"), (15, b"seconds=0.3")])
        assert site.opened.wait(5)
        put_block(client, 0, big(1500))
        option = [*path("keep"), (BLOCK1, block(1, False, 6))]
        tokens = {client.send(POST, option, big(1500)[SIZE:])[1] for _ in range(3)}
        answers = []
        while len(answers) < 3:
            answer = client.receive()
            answers += [answer] if answer.code != "0.00" else []
    assert {answer.token for answer in answers} == tokens
    assert codes(answers) == ["2.01"] * 3
    assert site.bodies == [big(1500)]


def test_expiry(serve: Callable[..., Running]) -> None:
    gateway = serve(upload_expiry=0.0)
    with Client(gateway.port) as client:
        assert put_block(client, 0).code == "2.31"
        assert put_block(client, 1).code == "4.08"
    gateway.look(lambda running: running.root.expire())
    assert gateway.look(lambda running: len(running.root.assembly.uploads)) == 0
