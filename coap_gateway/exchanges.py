"""Confirmable messages: one at a time a peer, sent again until it is acknowledged.

RFC 7252 sections 4.2 and 4.7 (NSTART is 1), and RFC 7641 section 4.5.2: what is sent late, again or
after the messages before it, may be replaced by what is true by then.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from aiocoap import Message

Action = Callable[[], None]


class Listener(Protocol):
    """Who sends confirmable messages and cares what becomes of them."""

    def acknowledged(self, message: Message) -> None:
        """A confirmable message arrived; or its peer rejected it."""

    def late(self, message: Message, send: Action) -> None:
        """A confirmable message is to be sent late: call `send`, or send another response instead.

        The other one is to be of the same request; it is sent as often as this one still would be.
        """

    def writable(self, remote: Any) -> None:
        """A connection that was full has room again."""


@dataclass(eq=False, slots=True)
class Exchange:
    """The message that a peer is to acknowledge, and those after it; `timeout` is in seconds."""

    message: Message
    rejected: Action
    timeout: float = 0
    attempts: int = 0
    timer: asyncio.TimerHandle | None = None
    # Whether it waits for the listener's word.
    is_held: bool = False
    queue: deque[tuple[Message, Action]] = field(default_factory=deque)


class Exchanges:
    """The exchanges of one socket, by peer; to be used in the event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transmit: Callable[[Message], None],
        listener: Listener,
        lost: Callable[[Any], None],
    ) -> None:
        self._loop = loop
        self._transmit = transmit
        self._listener = listener
        self._lost = lost
        self._exchanges: dict[Hashable, Exchange] = {}

    def __len__(self) -> int:
        return len(self._exchanges)

    def begin(self, message: Message, rejected: Action) -> None:
        """Send a message, at once or when its turn comes; `rejected` is called on a Reset."""
        exchange = self._exchanges.get(message.remote)
        if exchange is None:
            exchange = self._exchanges[message.remote] = Exchange(message, rejected)
            self._start(exchange)
            self._transmit(message)
        elif exchange.is_held and exchange.message.request is message.request:
            exchange.message, exchange.rejected, exchange.is_held = message, rejected, False
            self._transmit(message)
        else:
            exchange.queue.append((message, rejected))

    def end(self, remote: Hashable, mid: int, *, is_reset: bool) -> bool:
        """An Acknowledgement or Reset came; False where it matches no message."""
        exchange = self._exchanges.get(remote)
        if exchange is None or exchange.message.mid != mid:
            return False
        message, rejected = exchange.message, exchange.rejected
        self._advance(remote, exchange)
        if is_reset:
            rejected()
        self._listener.acknowledged(message)
        return True

    def forget(self, remote: Hashable) -> None:
        """Send no more of what the peer is to acknowledge."""
        exchange = self._exchanges.pop(remote, None)
        if exchange is not None:
            _stop(exchange)

    def close(self) -> None:
        """Forget all peers."""
        for remote in list(self._exchanges):
            self.forget(remote)

    def _advance(self, remote: Hashable, exchange: Exchange) -> None:
        _stop(exchange)
        if not exchange.queue:
            del self._exchanges[remote]
            return
        exchange.message, exchange.rejected = exchange.queue.popleft()
        self._start(exchange)
        self._send_late(exchange)

    def _start(self, exchange: Exchange) -> None:
        tuning = exchange.message.transport_tuning
        exchange.attempts = 0
        spread = random.uniform(1, tuning.ACK_RANDOM_FACTOR)  # noqa: S311
        exchange.timeout = tuning.ACK_TIMEOUT * spread
        exchange.timer = self._loop.call_later(exchange.timeout, self._time_out, exchange)

    def _time_out(self, exchange: Exchange) -> None:
        """Send once more with twice the patience, or give the peer up."""
        remote = exchange.message.remote
        if exchange.attempts == exchange.message.transport_tuning.MAX_RETRANSMIT:
            self.forget(remote)
            self._lost(remote)
            return
        exchange.attempts += 1
        exchange.timeout *= 2
        exchange.timer = self._loop.call_later(exchange.timeout, self._time_out, exchange)
        self._send_late(exchange)

    def _send_late(self, exchange: Exchange) -> None:
        exchange.is_held = True
        self._listener.late(exchange.message, partial(self._release, exchange, exchange.message))

    def _release(self, exchange: Exchange, message: Message) -> None:
        """Send what was held, unless its exchange has ended or another took its place."""
        if exchange.is_held and exchange.message is message:
            exchange.is_held = False
            self._transmit(message)


def _stop(exchange: Exchange) -> None:
    exchange.is_held = False
    if exchange.timer is not None:
        exchange.timer.cancel()
