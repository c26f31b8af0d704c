"""How fast the messages of one TCP connection are handed on, so that nobody can flood the loop."""

import asyncio
from collections.abc import Callable

# Messages that are handed on in one turn of the loop, and those that may wait for an answer.
TURN = 32
UNANSWERED = 4


class Flow:
    """Reads from a connection no faster than its messages are dealt with; for the event loop only.

    `step` hands on the next message and is false where none is whole; `wait` takes a token of the
    peer's rate, or gives the seconds until there is one.
    """

    def __init__(
        self, transport: asyncio.Transport, step: Callable[[], bool], wait: Callable[[], float]
    ) -> None:
        self._transport = transport
        self._step = step
        self._wait = wait
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._unanswered: set[bytes] = set()
        self._is_stopped = False
        self.is_full = False

    def proceed(self) -> None:
        """Hand on what has come, some messages a turn, as far as nothing stands against it."""
        self._forget_timer()
        for _ in range(TURN):
            if self._is_held():
                self._transport.pause_reading()
                return
            if not self._step():
                self._transport.resume_reading()
                return
            wait = self._wait()
            if wait:
                self._proceed_after(wait)
                return
        self._proceed_after(0)

    def asked(self, token: bytes) -> None:
        """A request was handed on."""
        self._unanswered.add(token)

    def answered(self, token: bytes) -> None:
        """The request with this token has an answer."""
        held = len(self._unanswered) >= UNANSWERED
        self._unanswered.discard(token)
        if held:
            self._proceed_after(0)

    def stop(self) -> None:
        """Read and hand on nothing more."""
        self._is_stopped = True
        self._forget_timer()
        self._transport.pause_reading()

    def _is_held(self) -> bool:
        too_many = len(self._unanswered) >= UNANSWERED
        return self.is_full or too_many or self._is_stopped or self._transport.is_closing()

    def _proceed_after(self, seconds: float) -> None:
        self._forget_timer()
        self._transport.pause_reading()
        self._timer = self._loop.call_later(seconds, self.proceed)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
