"""Putting blocks together."""

import asyncio
import dataclasses
import datetime as dt

import pytest
from aiocoap.numbers import codes

from coap_gateway.blocks import Block
from coap_gateway.blockwise import Assembly
from coap_gateway.limits import EXCHANGE_LIFETIME, Limits
from coap_gateway.parts import Part
from coap_gateway.refusals import Refusal
from coap_gateway.replies import Reply
from coap_gateway.upload import Upload
from tests.coap_gateway.clocks import Clock
from tests.coap_gateway.site import big
from tests.core_api.uploads.spools import quota

NOW = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(seconds=5)
BODY = big(70)


def part(
    number: int,
    body: bytes = BODY,
    *,
    exponent: int = 0,
    key: str = "key",
    received: dt.datetime = NOW,
    announced: int | None = None,
) -> Part:
    """The block of a body: its number, counted in blocks of 16 << exponent bytes."""
    size = 16 << exponent
    data = body[number * size : (number + 1) * size]
    block = Block(number, (number + 1) * size < len(body), exponent)
    return Part(key.encode(), key, block, data, received, announced)


def content(upload: object) -> bytes:
    """The bytes of a body that is complete."""
    assert isinstance(upload, Upload)
    with upload.body() as body:
        data = body.read()
    assert upload.size == len(data)
    return data


def code_of(assembly: Assembly, refused: Part) -> int:
    """The code that the part is refused with."""
    with pytest.raises(Refusal) as caught:
        assembly.take(refused)
    return caught.value.reply.code


@pytest.mark.parametrize("exponent", range(7))
def test_a_body(limits: Limits, exponent: int) -> None:
    assembly = Assembly(limits)
    body = big(4 * (16 << exponent) + 7)
    taken = [assembly.take(part(number, body, exponent=exponent)) for number in range(5)]
    assert taken[:4] == [None] * 4
    assert content(taken[4]) == body
    assert len(assembly.uploads) == 0


def test_a_body_of_one_block(limits: Limits) -> None:
    assert content(Assembly(limits).take(part(0, b"all"))) == b"all"


def test_the_clock_is_that_of_the_first_block(limits: Limits) -> None:
    assembly = Assembly(limits)
    taken = [assembly.take(part(0))]
    taken += [assembly.take(part(number, received=LATER)) for number in range(1, 5)]
    assert isinstance(taken[-1], Upload)
    assert taken[-1].received == NOW


def test_a_gap(limits: Limits) -> None:
    assembly = Assembly(limits)
    assembly.take(part(0))
    assert code_of(assembly, part(2)) == codes.REQUEST_ENTITY_INCOMPLETE
    for number in (1, 2, 3):
        assert assembly.take(part(number)) is None
    assert content(assembly.take(part(4))) == BODY


def test_a_body_without_its_beginning(limits: Limits) -> None:
    assembly = Assembly(limits)
    assert code_of(assembly, part(1)) == codes.REQUEST_ENTITY_INCOMPLETE
    assert code_of(assembly, part(4)) == codes.REQUEST_ENTITY_INCOMPLETE


@pytest.mark.parametrize("spool", [8, 1000])
def test_repeated_blocks_change_nothing(limits: Limits, spool: int) -> None:
    assembly = Assembly(dataclasses.replace(limits, upload_spool=spool))
    for number in (0, 0, 1, 0, 1, 2, 3, 1):
        assert assembly.take(part(number)) is None
    assert content(assembly.take(part(4))) == BODY


def test_interleaved_uploads(limits: Limits) -> None:
    assembly = Assembly(limits)
    other = BODY[::-1]
    for number in range(4):
        assert assembly.take(part(number, key="a")) is None
        assert assembly.take(part(number, other, key="b")) is None
    assert content(assembly.take(part(4, other, key="b"))) == other
    assert content(assembly.take(part(4, key="a"))) == BODY


@pytest.mark.parametrize("spool", [8, 1000])
@pytest.mark.parametrize("given_up_after", range(1, 5))
@pytest.mark.parametrize("alike", [0, 16, 40])
def test_another_body_begins_anew(
    limits: Limits, spool: int, given_up_after: int, alike: int
) -> None:
    assembly = Assembly(dataclasses.replace(limits, upload_spool=spool))
    for number in range(given_up_after):
        assembly.take(part(number))
    body = BODY[:alike] + bytes(60 - alike)
    for number in range(3):
        assert assembly.take(part(number, body, received=LATER)) is None
    assert content(assembly.take(part(3, body))) == body


def test_the_clock_of_another_body_that_begins_alike(limits: Limits) -> None:
    assembly = Assembly(limits)
    for number in range(3):
        assembly.take(part(number))
    taken = [assembly.take(part(number, BODY[:64], received=LATER)) for number in range(4)]
    assert isinstance(taken[-1], Upload)
    assert taken[-1].received == LATER


def test_smaller_blocks_half_way(limits: Limits) -> None:
    assembly = Assembly(limits)
    assert assembly.take(part(0, exponent=1)) is None
    for number in (2, 3):
        assert assembly.take(part(number)) is None
    assert content(assembly.take(part(4))) == BODY


def test_larger_blocks_half_way_are_refused(limits: Limits) -> None:
    assembly = Assembly(limits)
    for number in (0, 1):
        assembly.take(part(number))
    assert code_of(assembly, part(1, exponent=1)) == codes.BAD_REQUEST


@pytest.mark.parametrize(
    ("block", "size"),
    [
        (Block(0, True, 0), 15),
        (Block(0, True, 0), 17),
        (Block(0, False, 0), 17),
        (Block(0, True, 7), 1000),
        (Block(0, True, 7), 0),
        (Block(0, True, 6), 0),
    ],
)
def test_payloads_that_are_no_blocks(limits: Limits, block: Block, size: int) -> None:
    wrong = Part(b"key", "peer", block, big(size), NOW)
    assert code_of(Assembly(limits), wrong) == codes.BAD_REQUEST


def test_blocks_of_bert(limits: Limits) -> None:
    assembly, body = Assembly(limits), big(5000)
    first = Part(b"key", "peer", Block(0, True, 7), body[:3072], NOW)
    last = Part(b"key", "peer", Block(3, False, 7), body[3072:], NOW)
    assert assembly.take(first) is None
    assert content(assembly.take(last)) == body


def test_too_large(limits: Limits) -> None:
    assembly = Assembly(dataclasses.replace(limits, max_body=32))
    for number in (0, 1):
        assembly.take(part(number))
    assert code_of(assembly, part(2)) == codes.REQUEST_ENTITY_TOO_LARGE
    assert len(assembly.uploads) == 0


def test_too_large_by_its_own_word(limits: Limits) -> None:
    assembly = Assembly(dataclasses.replace(limits, max_body=69))
    assert code_of(assembly, part(0, announced=70)) == codes.REQUEST_ENTITY_TOO_LARGE
    assert assembly.take(part(0, announced=69)) is None


def test_a_first_block_without_room_leaves_nothing(limits: Limits) -> None:
    assembly = Assembly(dataclasses.replace(limits, upload_memory=1, spool_quota=quota(1)))
    assert code_of(assembly, part(0)) == codes.SERVICE_UNAVAILABLE
    assert len(assembly.uploads) == 0


async def _finished(assembly: Assembly, code: int) -> asyncio.Future[Reply]:
    """An upload that was answered with the code."""
    for number in range(4):
        assembly.take(part(number))
    content(assembly.take(part(4)))
    reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    assembly.finish(part(4), reply)
    assert assembly.take(part(4)) is reply
    reply.set_result(Reply(code))
    await asyncio.sleep(0)
    return reply


def test_a_repeated_last_block_gets_the_same_reply(limits: Limits) -> None:
    async def scenario() -> None:
        clock = Clock()
        assembly = Assembly(limits, clock)
        reply = await _finished(assembly, codes.CREATED)
        assert assembly.take(part(4)) is reply
        assert code_of(assembly, part(3)) == codes.REQUEST_ENTITY_INCOMPLETE
        other = BODY[:64] + b"other."
        assert code_of(assembly, part(4, other)) == codes.REQUEST_ENTITY_INCOMPLETE
        clock.now = EXCHANGE_LIFETIME
        assembly.expire()
        assert code_of(assembly, part(4)) == codes.REQUEST_ENTITY_INCOMPLETE

    asyncio.run(scenario())


def test_the_same_upload_again_is_another(limits: Limits) -> None:
    async def scenario() -> None:
        assembly = Assembly(limits)
        await _finished(assembly, codes.CREATED)
        for number in range(4):
            assert assembly.take(part(number)) is None
        assert content(assembly.take(part(4))) == BODY

    asyncio.run(scenario())


def test_our_own_failure_is_not_repeated(limits: Limits) -> None:
    async def scenario() -> None:
        assembly = Assembly(limits)
        await _finished(assembly, codes.SERVICE_UNAVAILABLE)
        assert code_of(assembly, part(4)) == codes.REQUEST_ENTITY_INCOMPLETE

    asyncio.run(scenario())


def test_finished_uploads_are_bounded(limits: Limits) -> None:
    async def scenario() -> None:
        assembly = Assembly(dataclasses.replace(limits, finished=2))
        replies = {}
        for key in "abc":
            for number in range(4):
                assembly.take(part(number, key=key))
            content(assembly.take(part(4, key=key)))
            replies[key] = asyncio.get_running_loop().create_future()
            assembly.finish(part(4, key=key), replies[key])
        assert code_of(assembly, part(4, key="a")) == codes.REQUEST_ENTITY_INCOMPLETE
        assert [assembly.take(part(4, key=key)) for key in "bc"] == [replies["b"], replies["c"]]

    asyncio.run(scenario())
