"""The memory of messages, and its bound."""

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
