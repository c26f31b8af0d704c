"""Replies made to fit what a stranger is allowed."""

import pytest
from aiocoap import Message
from aiocoap.numbers import codes

from coap_gateway.amplification import fit
from coap_gateway.blocks import Block
from coap_gateway.refusals import Refusal
from coap_gateway.replies import Reply
from coap_gateway.verification import Allowance, size_of
from tests.coap_gateway.datagrams import CON, GET, encode, path
from tests.coap_gateway.remotes import UDP
from tests.coap_gateway.site import big

ECHO = b"8 bytes."
REQUEST = Message.decode(encode(CON, GET, 1, b"12345678", path("a")), UDP)


def fitted(reply: Reply, size: int, wanted: Block | None = None) -> Message:
    message = fit(reply, wanted, REQUEST, Allowance(size, ECHO))
    assert message.opt.echo == ECHO
    return message


def test_who_is_verified_gets_the_usual_blocks() -> None:
    message = fit(Reply(codes.CONTENT, big(3000), 42), None, REQUEST, None)
    assert (len(message.payload), message.opt.echo) == (1024, None)


@pytest.mark.parametrize(
    ("size", "exponent"), [(1200, 6), (1000, 5), (500, 4), (250, 3), (136, 2), (96, 1), (70, 0)]
)
def test_blocks_are_as_large_as_they_may_be(size: int, exponent: int) -> None:
    reply = Reply(codes.CONTENT, big(100_000), 42, max_age=1000)
    message = fitted(reply, size)
    assert tuple(message.opt.block2) == (0, True, exponent)
    assert message.payload == big(16 << exponent)
    assert size_of(message, REQUEST.token) <= size


def test_a_block_of_an_earlier_size_comes_in_parts() -> None:
    message = fitted(Reply(codes.CONTENT, big(3000), 42), 136, Block(2, False, 6))
    assert tuple(message.opt.block2) == (32, True, 2)
    assert message.payload == big(3000)[2048:2112]


def test_a_block_after_the_end() -> None:
    with pytest.raises(Refusal):
        fitted(Reply(codes.CONTENT, big(100), 42), 136, Block(9, False, 2))


def test_an_error_comes_whole_or_without_its_payload() -> None:
    reply = Reply(codes.SERVICE_UNAVAILABLE, big(120), 257, max_age=9)
    whole = fitted(reply, 150)
    assert (whole.payload, int(whole.opt.content_format)) == (big(120), 257)
    bare = fitted(reply, 136)
    assert (bare.code, bare.opt.max_age) == (codes.SERVICE_UNAVAILABLE, 9)
    assert (bare.payload, bare.opt.content_format, bare.opt.block2) == (b"", None, None)


def test_a_location_stays_as_long_as_it_fits() -> None:
    device = "d" * 80
    reply = Reply(codes.CREATED, big(300), 60, location_path=("collections", "images", device))
    assert fitted(reply, 300).opt.location_path[-1] == device
    short = fitted(reply, 136)
    assert size_of(short, REQUEST.token) <= 136
    assert (short.opt.location_path, short.opt.block2[1]) == ((), True)


@pytest.mark.parametrize(("size", "reliability"), [(136, False), (1000, None)])
def test_copies_count(size: int, reliability: bool | None) -> None:
    message = fitted(Reply(codes.CONTENT, big(50)), size)
    assert message.transport_tuning.reliability is reliability
