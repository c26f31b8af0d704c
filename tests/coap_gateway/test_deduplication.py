"""The memory of messages, and its bound."""

import gc
import tracemalloc

import pytest

from coap_gateway.deduplication import ENTRY_BYTES, RecentMessages
from coap_gateway.limits import EXCHANGE_LIFETIME
from tests.coap_gateway.clocks import Clock


def test_a_message_is_new_once() -> None:
    recent = RecentMessages(10_000)
    assert recent.answer_to("a") is None
    assert recent.answer_to("a") == b""
    recent.keep("a", b"answer")
    assert recent.answer_to("a") == b"answer"
    assert recent.answer_to("b") is None


def test_the_answer_to_what_is_not_known_is_not_kept() -> None:
    recent = RecentMessages(10_000)
    recent.keep("a", b"answer")
    assert (recent.used, recent.answer_to("a")) == (0, None)


def test_messages_are_forgotten_after_their_lifetime() -> None:
    clock = Clock()
    recent = RecentMessages(10_000, clock)
    recent.answer_to("a")
    recent.keep("a", b"answer")
    clock.now = EXCHANGE_LIFETIME
    assert recent.answer_to("a") is None
    assert recent.used == ENTRY_BYTES
    clock.now = 3 * EXCHANGE_LIFETIME
    recent.expire()
    assert recent.used == 0


def test_the_oldest_go_when_the_budget_is_spent() -> None:
    recent = RecentMessages(3 * ENTRY_BYTES)
    for key in "abcd":
        recent.answer_to(key)
    assert recent.used == 3 * ENTRY_BYTES
    assert recent.answer_to("b") == b""
    recent.keep("d", b"x" * 2 * ENTRY_BYTES)
    assert recent.used == 3 * ENTRY_BYTES
    assert [recent.answer_to(key) is None for key in "dcb"] == [False, True, True]


def test_the_estimate_of_what_they_cost_is_honest() -> None:
    recent = RecentMessages(10**9)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(100_000):
            # As the gateway's key is: socket address, packet info, message id.
            address = (f"::ffff:10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 50_000, 0, 0)
            key = (address, number.to_bytes(20, "big"), number % 65536)
            recent.answer_to(key)
            recent.keep(key, bytes(number % 3 * 50))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used == pytest.approx(recent.used, rel=0.3)
