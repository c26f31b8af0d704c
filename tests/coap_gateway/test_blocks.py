"""Cutting replies into blocks, and what belongs to one transfer."""

import dataclasses

import pytest
from aiocoap import Message
from aiocoap.numbers import codes

from coap_gateway.blocks import Block, cut, transfer_key
from coap_gateway.refusals import Refusal
from coap_gateway.replies import Reply, payload_etag
from tests.coap_gateway.datagrams import (
    BLOCK1,
    BLOCK2,
    CON,
    ETAG,
    OBSERVE,
    REQUEST_TAG,
    SIZE1,
    Options,
    block,
    encode,
    path,
)
from tests.coap_gateway.remotes import TCP, UDP, Remote
from tests.coap_gateway.site import big

# (the body's size, the wanted block, the remote) -> (start, end, the Block2 option).
CASES = [
    (1024, None, UDP, (0, 1024, None)),
    (1025, None, UDP, (0, 1024, (0, True, 6))),
    (100, Block(0, False, 2), UDP, (0, 64, (0, True, 2))),
    (64, Block(0, False, 2), UDP, (0, 64, None)),
    (100, Block(1, False, 2), UDP, (64, 100, (1, False, 2))),
    (128, Block(1, False, 2), UDP, (64, 128, (1, False, 2))),
    (3000, Block(1, False, 6), UDP, (1024, 2048, (1, True, 6))),
    (0, None, UDP, (0, 0, None)),
    (4196, None, TCP, (0, 4196, None)),
    (9000, None, TCP, (0, 4096, (0, True, 7))),
    (9000, Block(4, False, 7), TCP, (4096, 8192, (4, True, 7))),
    (9000, Block(8, False, 7), TCP, (8192, 9000, (8, False, 7))),
    (9000, Block(2, False, 5), TCP, (1024, 1536, (2, True, 5))),
    (9000, Block(2, False, 7), Remote("coap+tcp"), (2048, 3072, (2, True, 6))),
]


@pytest.mark.parametrize(("size", "wanted", "remote", "expected"), CASES)
def test_cut(
    size: int,
    wanted: Block | None,
    remote: Remote,
    expected: tuple[int, int, tuple[int, bool, int] | None],
) -> None:
    body = big(size)
    message = cut(Reply(codes.CONTENT, body, 42, b"12345678"), wanted, remote)
    start, end, option = expected
    assert message.payload == body[start:end]
    assert message.opt.block2 == option
    assert message.opt.etag == b"12345678"
    assert message.opt.size2 == (size if option is not None and start == 0 else None)


def test_blocks_without_a_tag_get_one() -> None:
    reply = Reply(codes.CHANGED, big(2000))
    tags = {cut(reply, Block(number, False, 6), UDP).opt.etag for number in (0, 1)}
    assert tags == {payload_etag(big(2000))}


@pytest.mark.parametrize("size", [0, 64, 1024])
def test_a_block_after_the_end(size: int) -> None:
    with pytest.raises(Refusal) as caught:
        cut(Reply(codes.CONTENT, big(size)), Block(16, False, 2), UDP)
    assert caught.value.reply.code == codes.BAD_REQUEST


def key(options: Options = (), code: str = "0.02", remote: Remote = UDP) -> bytes:
    options = [*path("a"), *options]
    return transfer_key(Message.decode(encode(CON, code, 1, b"t", options), remote))


@pytest.mark.parametrize(
    "options",
    [
        [(BLOCK1, block(1, True, 2))],
        [(BLOCK2, block(1, True, 2))],
        [(OBSERVE, b"")],
        [(ETAG, b"1")],
        [(SIZE1, b"\5")],
    ],
)
def test_what_may_differ_within_a_transfer(options: Options) -> None:
    assert key(options) == key()


def test_what_makes_another_transfer() -> None:
    other = dataclasses.replace(UDP, blockwise_key=(("::ffff:192.0.2.1", 40001, 0, 0), b"local"))
    keys = {
        key(),
        key(code="0.03"),
        key(remote=other),
        key(path("b")),
        key([(REQUEST_TAG, b"")]),
        key([(REQUEST_TAG, b"1")]),
        key([(REQUEST_TAG, b"1"), (REQUEST_TAG, b"2")]),
        key([(REQUEST_TAG, b"12")]),
        key([(1, b"12345678")]),
    }
    assert len(keys) == 9
