"""How fast the messages of a connection are handed on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from coap_gateway.flow import TURN, UNANSWERED, Flow


class Transport:
    """What a flow does to a transport."""

    def __init__(self) -> None:
        self.reading = True
        self.closing = False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closing


class Peer:
    """A connection on which `waiting` messages have come; `wait` is what its rate says."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self.taken = 0
        self.wait = 0.0
        self.asks: Callable[[], None] = lambda: None
        self.transport: Any = Transport()
        self.flow = Flow(self.transport, self.step, lambda: self.wait)

    def step(self) -> bool:
        if self.taken == self.waiting:
            return False
        self.taken += 1
        self.asks()
        return True


async def turn() -> None:
    """Let the loop go round."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def run(test: Callable[[], Any]) -> None:
    """Run a test in an event loop."""
    asyncio.run(test())


def test_other_peers_have_their_turn() -> None:
    async def test() -> None:
        peer = Peer(2 * TURN + 1)
        peer.flow.proceed()
        assert (peer.taken, peer.transport.reading) == (TURN, False)
        await turn()
        assert (peer.taken, peer.transport.reading) == (2 * TURN, False)
        await turn()
        assert (peer.taken, peer.transport.reading) == (2 * TURN + 1, True)

    run(test)


def test_requests_wait_for_answers() -> None:
    async def test() -> None:
        peer = Peer(UNANSWERED + 2)
        peer.asks = lambda: peer.flow.asked(bytes([peer.taken]))
        peer.flow.proceed()
        assert (peer.taken, peer.transport.reading) == (UNANSWERED, False)
        peer.flow.answered(b"\1")
        await turn()
        assert (peer.taken, peer.transport.reading) == (UNANSWERED + 1, False)
        peer.flow.answered(b"\2")
        peer.flow.answered(b"\3")
        await turn()
        assert (peer.taken, peer.transport.reading) == (UNANSWERED + 2, True)

    run(test)


def test_who_sends_too_much_is_read_from_later() -> None:
    async def test() -> None:
        peer = Peer(3)
        peer.wait = 0.01
        peer.flow.proceed()
        assert (peer.taken, peer.transport.reading) == (1, False)
        peer.wait = 0.0
        await asyncio.sleep(0.02)
        assert (peer.taken, peer.transport.reading) == (3, True)

    run(test)


@pytest.mark.parametrize("reason", ["full", "closing"])
def test_nothing_is_handed_on(reason: str) -> None:
    async def test() -> None:
        peer = Peer(3)
        peer.flow.is_full = reason == "full"
        peer.transport.closing = reason == "closing"
        peer.flow.proceed()
        assert (peer.taken, peer.transport.reading) == (0, False)

    run(test)


def test_a_flow_that_was_stopped_stays_so() -> None:
    async def test() -> None:
        peer = Peer(TURN + 1)
        peer.flow.proceed()
        peer.flow.stop()
        await turn()
        peer.flow.proceed()
        assert (peer.taken, peer.transport.reading) == (TURN, False)

    run(test)
