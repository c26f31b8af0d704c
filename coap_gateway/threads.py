"""A few threads that work for the event loop."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import connections

from core_api import turns

T = TypeVar("T")
Job = Callable[[], None]

# Seconds for the threads to end when nothing is left to do.
END_WITHIN = 0.3
# Seconds without a new job after which those who have turns are not waited for.
STUCK_AFTER = 0.02


class Threads:
    """Runs functions one after another in `number` daemon threads, for one event loop.

    Threads that pass CPython's lock to and fro cost more than what they do. So a thread that has
    its turn (core_api.turns) does job after job, and another one is woken only where a job gives
    its turn up, or keeps it for so long that the jobs behind it would wait. The one that slept last
    is woken first: few threads do most, and the rest need no connection to the database. Results
    that come while the loop is busy are delivered together.

    A thread that hangs does not keep the process from ending, as an executor's would.
    """

    def __init__(self, number: int) -> None:
        self._guard = threading.Lock()
        self._jobs: deque[Job | None] = deque()
        self._asleep: list[threading.Lock] = []
        self._one_is_called = False
        self._calling = False
        self._begun = 0
        self._watched = False
        self._done: list[Job] = []
        self._threads = [
            threading.Thread(target=self._work, name=f"coap-{index}", daemon=True)
            for index in range(number)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """The function's result or exception, to be awaited in the loop that is running."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.append(partial(self._do, loop, future, function))
        if not self._calling:
            # Who wakes now is in the way of what is left to do in this turn of the loop.
            self._calling = True
            loop.call_soon(self._call, loop)
        return future

    def stop(self) -> None:
        """Let every thread end after the jobs that are queued, and wait for it a moment."""
        with self._guard:
            self._jobs.extend([None] * len(self._threads))
            self._call_one()
        for thread in self._threads:
            thread.join(END_WITHIN / len(self._threads))

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the threads know of what is queued; in the loop."""
        self._calling = False
        with self._guard:
            self._call_one()
        if not self._watched:
            self._watch(loop)

    def _call_one(self) -> None:
        """See to it that a thread comes when none has a turn; to be called with the guard held."""
        if self._jobs and self._asleep and not self._one_is_called:
            self._one_is_called = True
            turns.call(self._asleep.pop())

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look after the queue in a while; in the loop."""
        self._watched = True
        loop.call_later(STUCK_AFTER, self._look, loop, self._begun)

    def _look(self, loop: asyncio.AbstractEventLoop, begun: int) -> None:
        """Wake another thread where no job was begun since; in the loop."""
        self._watched = False
        if self._jobs:
            if self._begun == begun:
                turns.hurry()
            self._watch(loop)

    def _work(self) -> None:
        wake = threading.Lock()
        wake.acquire()
        going = self._sleep(wake)
        while going:
            with turns.taken():
                with self._guard:
                    self._one_is_called = False
                going = self._do_all()
            going = going and self._sleep(wake)
        connections.close_all()

    def _sleep(self, wake: threading.Lock) -> bool:
        """Sleep until there is something to do; always true."""
        with self._guard:
            self._asleep.append(wake)
            self._call_one()
        return wake.acquire()

    def _do_all(self) -> bool:
        """Do the jobs that are queued; false when one of them says that the thread is to end.

        Where others wait for a turn, one job fits in each.
        """
        while True:
            with self._guard:
                if not self._jobs:
                    return True
                job = self._jobs.popleft()
                self._begun += 1
                self._call_one()
            if job is None:
                return False
            turn = turns.number()
            job()
            del job
            if turns.is_wanted() and turns.number() == turn:
                return True

    def _do(
        self,
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[T],
        function: Callable[[], T],
    ) -> None:
        try:
            deliver: Job = _delivery(future, function())
        except BaseException as error:  # noqa: BLE001
            deliver = _failure(future, error)
        with self._guard:
            self._done.append(deliver)
            is_first = len(self._done) == 1
        if not is_first:
            return
        try:
            loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:
            # The loop has ended while we worked.
            self._take_done()

    def _deliver(self) -> None:
        """Hand over what is done; in the loop."""
        for deliver in self._take_done():
            deliver()

    def _take_done(self) -> list[Job]:
        with self._guard:
            done, self._done = self._done, []
        return done


def _delivery(future: asyncio.Future[T], result: T) -> Job:
    return lambda: None if future.done() else future.set_result(result)


def _failure(future: asyncio.Future[T], error: BaseException) -> Job:
    return lambda: None if future.done() else future.set_exception(error)
