"""The thread of a worker that minds its children: it never waits for the database."""

import bisect
import itertools
import logging
import selectors
import shutil
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from core_api.background.seats import Seat, waiting
from core_api.background.work import Claim, End, Ended, Said
from core_api.background.workers import Presence

# Seconds that a claimed job may wait for a child before others may have it.
BEGIN_WITHIN = 0.2
# Seconds between two starts of children that end before they are ready.
START_AGAIN = 1.0

logger = logging.getLogger("coapture.jobs")
# Sorted by its first two: the priority, negated, and a number that rises; then when it came.
Entry = tuple[int, int, float, Claim]


class Dispatcher:
    """Makes the attempts that it is given in at most `slots` children at once.

    `report(claim, what)` is called in its thread. Its other methods may be called by any thread.
    """

    def __init__(
        self, presence: Presence, slots: int, report: Callable[[Claim, Ended | Said], None]
    ) -> None:
        self._presence = presence
        self._slots = slots
        self._report = report
        self._seats: list[Seat] = []
        self._waiting: list[Entry] = []
        self._count = itertools.count()
        self._orders: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._start_after = 0.0
        # Whether children can be started; others had better have the jobs meanwhile.
        self.able = True
        self._accepting = True
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="jobs-children", daemon=True)

    def start(self) -> None:
        """Begin, with one child that warms up."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def give(self, claim: Claim) -> None:
        """Make this attempt; the end is reported whatever happens."""
        self._order(lambda: self._take(claim))

    def cancel(self, claim: Claim) -> None:
        """End this attempt soon."""
        self._order(lambda: self._cancel(claim))

    def close(self) -> None:
        """Begin no attempt any more: those that wait are returned."""
        self._order(self._close)

    def stop(self) -> None:
        """End everything now; attempts that are being made are returned."""
        self._order(self._stop)
        self._thread.join()

    def _order(self, order: Callable[[], None]) -> None:
        self._orders.append(order)
        with suppress(BlockingIOError):
            self._wake.send(b"!")

    def _run(self) -> None:
        try:
            self._add_seat()
            while not self._stopped:
                self._turn()
        finally:
            for seat in list(self._seats):
                self._remove(seat, End.RETURNED)
            self._selector.close()
            self._wake.close()
            self._woken.close()

    def _turn(self) -> None:
        for key, _ in self._selector.select(self._patience()):
            if key.data is None:
                self._woken.recv(4096)
            else:
                self._hear(key.data)
        while self._orders:
            self._orders.popleft()()
        for seat in list(self._seats):
            self._tend(seat)
        self._return_late()
        self._fill()

    def _patience(self) -> float | None:
        """Seconds until something is due; None where only others can tell."""
        due = list(waiting(self._seats))
        due += [queued + BEGIN_WITHIN for _, _, queued, _ in self._surplus()]
        if len(self._seats) < self._wanted():
            due.append(self._start_after)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _take(self, claim: Claim) -> None:
        if self._accepting:
            entry = (-claim.priority, next(self._count), time.monotonic(), claim)
            bisect.insort(self._waiting, entry)
        else:
            self._report(claim, Ended(claim, End.RETURNED))

    def _cancel(self, claim: Claim) -> None:
        for entry in self._waiting:
            if entry[-1] is claim:
                self._waiting.remove(entry)
                self._report(claim, Ended(claim, End.CANCELLED))
                return
        for seat in self._seats:
            if seat.claim is claim:
                self._guarded(seat, lambda seat=seat: seat.cancel(End.CANCELLED))  # type: ignore[misc]
                return

    def _close(self) -> None:
        self._accepting = False
        self._give_back(list(self._waiting))

    def _stop(self) -> None:
        self._close()
        self._stopped = True

    def _hear(self, seat: Seat) -> None:
        self._guarded(seat, seat.hear)
        self.able = self.able or seat.ready

    def _tend(self, seat: Seat) -> None:
        def tend() -> None:
            if not seat.tend():
                raise EOFError

        self._guarded(seat, tend)

    def _guarded(self, seat: Seat, action: Callable[[], None]) -> None:
        """Do something with a seat; where its child is gone or stuck, remove it."""
        try:
            action()
        except (EOFError, OSError):
            self._remove(seat, End.LOST)

    def _remove(self, seat: Seat, reason: End) -> None:
        claim = seat.claim
        if not seat.ready and reason is End.LOST:
            self._start_after = time.monotonic() + START_AGAIN
            self.able = False
            self._give_back(list(self._waiting))
            logger.error("A child ended before it could take work")
        self._seats.remove(seat)
        self._selector.unregister(seat.child)
        seat.end(reason)
        if claim is not None:
            shutil.rmtree(self._presence.attempt(claim.id, claim.token), ignore_errors=True)

    def _surplus(self) -> list[Entry]:
        """What waits behind those that the children begin with as soon as they are ready."""
        busy = sum(seat.claim is not None for seat in self._seats)
        return self._waiting[self._slots - busy :]

    def _return_late(self) -> None:
        before = time.monotonic() - BEGIN_WITHIN
        self._give_back([entry for entry in self._surplus() if entry[2] <= before])

    def _give_back(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._waiting.remove(entry)
            self._report(entry[-1], Ended(entry[-1], End.RETURNED))

    def _fill(self) -> None:
        """Begin what waits, and start children for what still does."""
        for seat in list(self._seats):
            if self._waiting and seat.free:
                self._begin(seat, self._waiting.pop(0)[-1])
        while len(self._seats) < self._wanted() and time.monotonic() >= self._start_after:
            self._add_seat()

    def _begin(self, seat: Seat, claim: Claim) -> None:
        folder = self._presence.attempt(claim.id, claim.token)
        self._guarded(seat, lambda: seat.begin(claim, folder))

    def _wanted(self) -> int:
        """How many children there should be: those that work, and one for each that waits."""
        busy = sum(seat.claim is not None for seat in self._seats)
        return min(self._slots, busy + max(len(self._waiting), not self.able))

    def _add_seat(self) -> None:
        seat = Seat(self._report)
        self._seats.append(seat)
        self._selector.register(seat.child, selectors.EVENT_READ, seat)
