"""Two transactions that meet: one in a thread that is caught in the middle, one here."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction

T = TypeVar("T")


def in_thread(pool: ThreadPoolExecutor, step: Callable[[], T]) -> "Future[T]":
    """Run the step in a thread that closes its connection."""

    def closing() -> T:
        try:
            return step()
        finally:
            connection.close()

    return pool.submit(closing)


@contextmanager
def held_open(step: Callable[[], object]) -> Iterator[None]:
    """Another transaction has made the step, and commits when the block ends."""
    done, commit = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            step()
            done.set()
            assert commit.wait(30)

    with ThreadPoolExecutor(1) as pool:
        holding = in_thread(pool, hold)
        try:
            while not done.wait(0.01):
                assert not holding.done(), holding.exception()
            yield
        finally:
            commit.set()
            holding.result(30)


def await_waiting(count: int = 1) -> None:
    """Until so many transactions of this database wait for another one."""
    deadline = time.monotonic() + 30
    while _waiting() < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
