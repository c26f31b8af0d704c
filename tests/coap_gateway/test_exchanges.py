"""What is sent again, what waits, and what takes its place."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Any, cast

import pytest
from aiocoap import Message
from aiocoap.numbers import codes
from aiocoap.numbers.constants import TransportTuning

from coap_gateway.exchanges import Exchanges

FIRST, SECOND = "2001:db8::1", "2001:db8::2"


class Timer:
    """A call that comes, unless it is cancelled."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """It comes no more."""
        self.call = None


class Scene:
    """Exchanges in a time of their own; as a listener it keeps what is late when `newer` is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[tuple[float, int]] = []
        self.acknowledgements: list[int] = []
        self.lost: list[Any] = []
        self.rejections = 0
        self.held: list[Callable[[], None]] = []
        self.holding = False
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        loop = cast("asyncio.AbstractEventLoop", self)
        self.exchanges = Exchanges(loop, self._transmit, self, self.lost.append)

    def call_later(self, delay: float, function: Callable[..., None], *arguments: Any) -> Timer:
        timer = Timer(lambda: function(*arguments))
        heapq.heappush(self._timers, (self.now + delay, next(self._numbers), timer))
        return timer

    def run(self, seconds: float = 1000.0) -> None:
        """Let time go by."""
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now, _, timer = heapq.heappop(self._timers)
            if timer.call is not None:
                timer.call()
        self.now = end

    def begin(self, mid: int, remote: str = FIRST, request: Message | None = None) -> None:
        message = Message(code=codes.CONTENT)
        message.mid, message.remote, message.request = mid, remote, request
        self.exchanges.begin(message, self._reject)

    def acknowledged(self, message: Message) -> None:
        self.acknowledgements.append(message.mid)

    def late(self, message: Message, send: Callable[[], None]) -> None:
        if self.holding:
            self.held.append(send)
        else:
            send()

    def writable(self, remote: Any) -> None:
        raise AssertionError

    @property
    def mids(self) -> list[int]:
        """The message ids that were sent, in order."""
        return [mid for _, mid in self.sent]

    def _transmit(self, message: Message) -> None:
        self.sent.append((self.now, message.mid))

    def _reject(self) -> None:
        self.rejections += 1


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(TransportTuning, "ACK_RANDOM_FACTOR", 1.0)
    return Scene()


def test_it_is_sent_five_times_in_growing_intervals_then_its_peer_is_lost(scene: Scene) -> None:
    scene.begin(1)
    scene.run(61)
    assert scene.sent == [(0, 1), (2, 1), (6, 1), (14, 1), (30, 1)]
    assert scene.lost == []
    scene.run(1)
    assert scene.lost == [FIRST]
    assert len(scene.exchanges) == 0


def test_the_first_patience_is_random(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    scene = Scene()
    scene.begin(1)
    scene.run(10)
    assert scene.sent == [(0, 1), (3, 1), (9, 1)]


def test_what_is_acknowledged_is_not_sent_again(scene: Scene) -> None:
    scene.begin(1)
    scene.run(3)
    assert scene.exchanges.end(FIRST, 1, is_reset=False)
    assert not scene.exchanges.end(FIRST, 1, is_reset=False)
    scene.run()
    assert (scene.mids, scene.acknowledgements, scene.lost) == ([1, 1], [1], [])


def test_a_reset_is_told_to_who_sent_it(scene: Scene) -> None:
    scene.begin(1)
    assert scene.exchanges.end(FIRST, 1, is_reset=True)
    assert scene.rejections == 1


def test_other_messages_and_peers_acknowledge_nothing(scene: Scene) -> None:
    scene.begin(1)
    assert not scene.exchanges.end(FIRST, 2, is_reset=True)
    assert not scene.exchanges.end(SECOND, 1, is_reset=True)
    assert (scene.rejections, len(scene.exchanges)) == (0, 1)


def test_one_at_a_time_to_each_peer(scene: Scene) -> None:
    for mid in (1, 2, 3):
        scene.begin(mid)
    scene.begin(4, SECOND)
    assert scene.mids == [1, 4]
    scene.exchanges.end(FIRST, 1, is_reset=False)
    assert scene.mids == [1, 4, 2]
    scene.exchanges.end(FIRST, 2, is_reset=True)
    assert scene.mids == [1, 4, 2, 3]


def test_those_behind_a_lost_message_are_lost_with_it(scene: Scene) -> None:
    scene.begin(1)
    scene.begin(2)
    scene.run()
    assert (set(scene.mids), scene.lost, len(scene.exchanges)) == ({1}, [FIRST], 0)


def test_a_newer_message_replaces_a_late_one_for_the_attempts_that_are_left(scene: Scene) -> None:
    request = Message(code=codes.GET)
    scene.holding = True
    scene.begin(1, request=request)
    scene.run(2)
    assert scene.mids == [1]
    scene.begin(2, request=request)
    scene.holding = False
    scene.run(60)
    assert scene.sent == [(0, 1), (2, 2), (6, 2), (14, 2), (30, 2)]
    assert scene.lost == [FIRST]


def test_an_acknowledgement_of_what_was_replaced_ends_nothing(scene: Scene) -> None:
    request = Message(code=codes.GET)
    scene.holding = True
    scene.begin(1, request=request)
    scene.run(2)
    scene.begin(2, request=request)
    assert not scene.exchanges.end(FIRST, 1, is_reset=False)
    assert scene.exchanges.end(FIRST, 2, is_reset=False)


def test_a_message_of_another_request_replaces_nothing(scene: Scene) -> None:
    scene.holding = True
    scene.begin(1, request=Message(code=codes.GET))
    scene.run(2)
    scene.begin(2, request=Message(code=codes.GET))
    scene.held[0]()
    assert scene.mids == [1, 1]


def test_what_was_held_is_not_sent_after_its_end(scene: Scene) -> None:
    scene.holding = True
    scene.begin(1)
    scene.run(2)
    scene.exchanges.end(FIRST, 1, is_reset=False)
    scene.held[0]()
    scene.held[0]()
    assert scene.mids == [1]


def test_what_waited_for_its_turn_may_be_replaced_too(scene: Scene) -> None:
    request = Message(code=codes.GET)
    scene.begin(1)
    scene.begin(2, request=request)
    scene.holding = True
    scene.exchanges.end(FIRST, 1, is_reset=False)
    scene.begin(3, request=request)
    assert scene.mids == [1, 3]


def test_what_is_held_too_long_is_late_again_and_lost_in_the_end(scene: Scene) -> None:
    scene.holding = True
    scene.begin(1)
    scene.run()
    assert (scene.mids, len(scene.held), scene.lost) == ([1], 4, [FIRST])


def test_peers_are_forgotten(scene: Scene) -> None:
    scene.begin(1)
    scene.begin(2, SECOND)
    scene.exchanges.forget(FIRST)
    scene.exchanges.forget(FIRST)
    scene.exchanges.close()
    scene.run()
    assert (scene.mids, scene.lost) == ([1, 2], [])
