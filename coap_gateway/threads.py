"""A few threads that work for the event loop."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
Job = Callable[[], None]

# Seconds for the threads to end when nothing is left to do.
END_WITHIN = 0.3


class Threads:
    """Runs functions one after another in `number` daemon threads.

    A thread that hangs does not keep the process from ending, as an executor's would.
    """

    def __init__(self, number: int) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
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

        def job() -> None:
            try:
                deliver: Job = _delivery(future, function())
            except BaseException as error:  # noqa: BLE001
                deliver = _failure(future, error)
            # The loop may have ended while we worked.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(deliver)

        self._jobs.put(job)
        return future

    def stop(self) -> None:
        """Let every thread end after the jobs that are queued, and wait for it a moment."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(END_WITHIN / len(self._threads))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job
        connections.close_all()


def _delivery(future: asyncio.Future[T], result: T) -> Job:
    return lambda: None if future.done() else future.set_result(result)


def _failure(future: asyncio.Future[T], error: BaseException) -> Job:
    return lambda: None if future.done() else future.set_exception(error)
