"""Replies held for their next blocks."""

from aiocoap import Message
from aiocoap.numbers import codes

from coap_gateway.blocks import Block
from coap_gateway.downloads import LINGER, Downloads
from coap_gateway.limits import EXCHANGE_LIFETIME
from coap_gateway.replies import Reply, payload_etag
from tests.coap_gateway.clocks import Clock
from tests.coap_gateway.datagrams import CON, encode, path
from tests.coap_gateway.remotes import UDP
from tests.coap_gateway.site import big

BODY = big(2500)
REPLY = Reply(codes.CONTENT, BODY, 42)


def another_reply() -> Reply:
    """The same again, in memory of its own."""
    return Reply(codes.CONTENT, bytes(bytearray(BODY)), 42)


def request(name: str = "a") -> Message:
    return Message.decode(encode(CON, "0.01", 1, b"t", path(name)), UDP)


def block(number: int) -> Block:
    return Block(number, False, 6)


def test_the_blocks_of_a_reply() -> None:
    downloads = Downloads(10_000)
    messages = [downloads.begin(request(), REPLY, None)]
    messages += [downloads.resume(request(), block(number)) for number in (1, 2)]
    assert b"".join(message.payload for message in messages) == BODY
    assert {message.opt.etag for message in messages} == {payload_etag(BODY)}
    assert downloads.used == len(BODY)


def test_a_small_reply_is_not_held() -> None:
    downloads = Downloads(10_000)
    downloads.begin(request(), Reply(codes.CONTENT, big(1024)), None)
    assert downloads.used == 0


def test_what_is_not_held() -> None:
    downloads = Downloads(10_000)
    downloads.begin(request(), REPLY, None)
    assert downloads.resume(request("b"), block(1)) is None


def test_a_reply_goes_soon_after_its_last_block() -> None:
    clock = Clock()
    downloads = Downloads(10_000, clock)
    downloads.begin(request(), REPLY, None)
    downloads.resume(request(), block(2))
    clock.now = LINGER - 1
    downloads.expire()
    assert downloads.resume(request(), block(2)) is not None
    clock.now += LINGER
    downloads.expire()
    assert downloads.used == 0
    assert downloads.resume(request(), block(2)) is None


def test_a_reply_goes_when_nobody_fetches_it() -> None:
    clock = Clock()
    downloads = Downloads(10_000, clock)
    downloads.begin(request(), REPLY, None)
    clock.now = EXCHANGE_LIFETIME - 1
    assert downloads.resume(request(), block(1)) is not None
    clock.now = 2 * EXCHANGE_LIFETIME - 2
    downloads.expire()
    assert downloads.used == len(BODY)
    clock.now += 1
    downloads.expire()
    assert downloads.used == 0


def test_the_longest_unused_makes_room() -> None:
    downloads = Downloads(2 * len(BODY))
    for name in "ab":
        downloads.begin(request(name), another_reply(), None)
    downloads.resume(request("a"), block(1))
    downloads.begin(request("c"), another_reply(), None)
    assert downloads.used == 2 * len(BODY)
    held = [name for name in "abc" if downloads.resume(request(name), block(1))]
    assert held == ["a", "c"]


def test_what_was_fetched_makes_room_first() -> None:
    downloads = Downloads(2 * len(BODY))
    for name in "ab":
        downloads.begin(request(name), another_reply(), None)
    downloads.resume(request("b"), block(2))
    downloads.begin(request("c"), another_reply(), None)
    held = [name for name in "abc" if downloads.resume(request(name), block(1))]
    assert held == ["a", "c"]


def test_a_payload_that_many_fetch_is_counted_once() -> None:
    clock = Clock()
    downloads = Downloads(len(BODY), clock)
    names = [str(number) for number in range(100)]
    for name in names:
        downloads.begin(request(name), REPLY, None)
    assert downloads.used == len(BODY)
    assert all(downloads.resume(request(name), block(1)) for name in names)
    for name in names[1:]:
        downloads.begin(request(name), Reply(codes.CONTENT, b"small"), None)
        downloads.resume(request(name), block(2))
    clock.now = LINGER
    downloads.expire()
    assert downloads.used == len(BODY)
    clock.now = EXCHANGE_LIFETIME
    downloads.expire()
    assert downloads.used == 0


def test_what_is_larger_than_all_room_is_not_held() -> None:
    downloads = Downloads(1000)
    assert downloads.begin(request(), REPLY, None).payload == BODY[:1024]
    assert downloads.used == 0
