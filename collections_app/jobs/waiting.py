"""Waiting for jobs to end, without polling: one thread follows the change feed for all who wait."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error

from core_api import turns
from core_api.changes import Follower
from core_api.ending import ending

# Seconds between two looks at whether anybody still waits, and until the thread ends without.
PATIENCE = 0.5
LINGER = 10.0

logger = logging.getLogger("coapture.jobs")


class _Following:
    """The paths that are waited for, and the thread that reads the feed while there are any."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._events: dict[str, set[threading.Event]] = {}
        self._reading: threading.Event | None = None
        ending.tell(self)

    def give_up(self) -> None:
        """Wake all: the process ends."""
        with self._guard:
            for events in self._events.values():
                for event in events:
                    event.set()

    @contextmanager
    def __call__(self, path: str, until: float) -> Iterator[threading.Event]:
        """An event that is set by every change at the path from now on.

        `until`, on the monotonic clock, is how long this may wait for the feed itself.
        """
        event = threading.Event()
        with self._guard:
            self._events.setdefault(path, set()).add(event)
            if self._reading is None:
                self._reading = threading.Event()
                thread = threading.Thread(
                    target=self._follow, args=(self._reading,), name="jobs-waiting", daemon=True
                )
                thread.start()
            reading = self._reading
        try:
            with turns.given_up():
                reading.wait(max(0.0, until - time.monotonic()))
            yield event
        finally:
            with self._guard:
                events = self._events[path]
                events.discard(event)
                if not events:
                    del self._events[path]

    def _follow(self, reading: threading.Event) -> None:
        try:
            with Follower() as follower:
                reading.set()
                self._pass_on(follower)
        except Error as error:
            # Who waits is answered when its time is over.
            logger.warning("The change feed cannot be followed: %s", error)
            with self._guard:
                self._reading = None
            reading.set()

    def _pass_on(self, follower: Follower) -> None:
        """Wake those who wait, until nobody did for a while."""
        wanted = time.monotonic()
        while True:
            changed = follower.wait(PATIENCE)
            with self._guard:
                for path in changed:
                    for event in self._events.get(path, ()):
                        event.set()
                now = time.monotonic()
                wanted = now if self._events else wanted
                if now - wanted > LINGER:
                    self._reading = None
                    return


_following = _Following()


def until(path: str, is_over: Callable[[], bool], seconds: float) -> bool:
    """Whether it is over, as soon as it is so, the seconds have passed, or the process ends.

    `is_over` is asked at first and after each change that was published for the path. The thread's
    turn (core_api.turns) is given up meanwhile.
    """
    deadline = time.monotonic() + seconds
    with _following(path, deadline) as event:
        while not is_over():
            left = deadline - time.monotonic()
            if left <= 0 or ending.begun:
                return False
            with turns.given_up():
                event.wait(left)
            event.clear()
        return True


class Seats:
    """At most so many may wait at once."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = 0

    @contextmanager
    def one_of(self, number: int) -> Iterator[bool]:
        """Whether one of so many is free, which is then taken during the block."""
        with self._guard:
            free = self._taken < number
            self._taken += free
        try:
            yield free
        finally:
            if free:
                with self._guard:
                    self._taken -= 1


seats = Seats()
