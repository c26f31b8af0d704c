"""Group commit: many threads store one item each, one transaction stores what they have ready.

A durable commit costs about the same for one row as for fifty. One writer thread a process takes
what is queued, stores it in one transaction and answers everybody after the commit. It never waits
for more to come: a batch is what queued up while it waited for its turn to write.
"""

import atexit
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import DataError, IntegrityError, close_old_connections, connection, transaction
from django.db.transaction import TransactionManagementError

from core_api import turns
from core_api.errors import ServiceUnavailable
from core_api.postgresql.races import is_lost

T = TypeVar("T")
R = TypeVar("R")

BATCH_BYTES = 16 * 2**20
IDLE_SECONDS = 60.0
ONE_IS_BAD = (IntegrityError, DataError, TransactionManagementError)


class Busy(ServiceUnavailable):
    """So much is waiting to be stored that nothing more is taken; the client may try again."""


class _Waiter(Generic[T, R]):
    """An item in the queue, and the thread that waits for its outcome."""

    def __init__(self, item: T, size: int, pause: "_Pause") -> None:
        self.item = item
        self.size = size
        self.outcome: R | Exception
        self._pause = pause

    def answer(self, outcome: R | Exception) -> None:
        self.outcome = outcome
        self._pause.end()


class _Pause(turns.Pause):
    """The wait of one thread for several items, over when the last has its outcome."""

    def __init__(self, items: int) -> None:
        super().__init__()
        self._left = items

    def end(self) -> None:
        """Count one; they are answered by one thread after the other, never by two at once."""
        self._left -= 1
        if not self._left:
            super().end()


class GroupCommit(Generic[T, R]):
    """The writer of one kind of item.

    `write` stores a batch in the transaction that is open and gives one outcome for each item, an
    exception where that item could not be stored; what may fail in the database it does in a
    savepoint. Where it raises IntegrityError or DataError, or PostgreSQL gives the transaction up
    for another one, the batch is written again item by item: the one that is at fault fails alone,
    and where another server was faster, it is seen now.
    `size` gives an item's bytes, by which COAPTURE_INGEST_QUEUE and the batches are bounded.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], Sequence[R | Exception]], *, size: Callable[[T], int]
    ) -> None:
        self._write = write
        self._size = size
        self.forget()
        _writers.add(self)

    def forget(self) -> None:
        """Start with an empty queue and no thread: new, or in a forked child."""
        self._changed = threading.Condition()
        self._queue: deque[_Waiter[T, R]] = deque()
        self._bytes = 0
        self._thread: threading.Thread | None = None
        self._closing = False

    def submit(self, item: T) -> R:
        """Store the item and come back when it is committed; raises what `write` gave for it.

        Busy when the queue is full. Inside an atomic block of the calling thread the item becomes
        part of that transaction, for the writer would wait for its end.
        """
        (outcome,) = self.submit_all([item])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def submit_all(self, items: Sequence[T]) -> list[R | Exception]:
        """Store the items, at least one, as `submit` does; an outcome for each, in their order.

        They enter the queue together and so share a commit, as far as it has room for them.
        """
        if connection.in_atomic_block:
            with transaction.atomic():
                return list(self._write(items))
        pause = _Pause(len(items))
        waiters = self._enqueue(items, pause)
        pause.wait()
        return [waiter.outcome for waiter in waiters]

    def close(self) -> None:
        """Store what is queued, then end the thread; a later submit starts a new one."""
        with self._changed:
            thread = self._thread
            self._closing = thread is not None
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _enqueue(self, items: Sequence[T], pause: _Pause) -> list[_Waiter[T, R]]:
        waiters: list[_Waiter[T, R]] = [_Waiter(item, self._size(item), pause) for item in items]
        size = sum(waiter.size for waiter in waiters)
        with self._changed:
            if self._bytes and self._bytes + size > settings.COAPTURE_INGEST_QUEUE:
                raise Busy("Too much is waiting to be stored; try again.")
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
                thread.start()
                self._thread = thread
            self._bytes += size
            self._queue.extend(waiters)
            self._changed.notify()
        return waiters

    def _run(self) -> None:
        try:
            while self._has_work():
                answers = self._commit(self._next_batch)
                with self._changed:
                    self._bytes -= sum(waiter.size for waiter, _ in answers)
                for waiter, outcome in answers:
                    waiter.answer(outcome)
        finally:
            connection.close()

    def _has_work(self) -> bool:
        """Wait for an item; False when the thread has been idle for long or is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing, IDLE_SECONDS)
            if not self._queue:
                self._thread, self._closing = None, False
            return self._thread is not None

    def _next_batch(self) -> list[_Waiter[T, R]]:
        """What is to be stored next."""
        with self._changed:
            batch = [self._queue.popleft()]
            room = BATCH_BYTES - batch[0].size
            while self._queue and len(batch) < settings.COAPTURE_INGEST_BATCH:
                room -= self._queue[0].size
                if room < 0:
                    break
                batch.append(self._queue.popleft())
            return batch

    def _commit(
        self, take: Callable[[], list[_Waiter[T, R]]], *, again: bool = False
    ) -> list[tuple[_Waiter[T, R], R | Exception]]:
        """Store what `take` gives and commit; an outcome for each item, whatever happens.

        It is taken inside the transaction: on SQLite that has waited for its turn to write, and
        what came meanwhile comes along.
        """
        batch: list[_Waiter[T, R]] = []
        try:
            close_old_connections()
            with transaction.atomic():
                batch = take()
                return list(zip(batch, self._outcomes(batch), strict=True))
        except Exception as error:  # noqa: BLE001 - the threads that wait are told
            if again or not (isinstance(error, ONE_IS_BAD) or is_lost(error)):
                return [(waiter, _twin(error)) for waiter in batch or take()]
        alone = (self._commit(partial(list, [waiter]), again=True) for waiter in batch)
        return [pair for pairs in alone for pair in pairs]

    def _outcomes(self, batch: Sequence[_Waiter[T, R]]) -> list[R | Exception]:
        outcomes = list(self._write([waiter.item for waiter in batch]))
        if len(outcomes) != len(batch):
            raise RuntimeError(f"write() gave {len(outcomes)} outcomes for {len(batch)} items.")
        # Django would roll back in silence, and the outcomes would promise what is not stored.
        if transaction.get_rollback():
            raise TransactionManagementError("write() went on after an error of the database.")
        return outcomes


def _twin(error: Exception) -> Exception:
    """A copy for one of several threads: raising one instance in each would mix tracebacks."""
    # Not by calling the class, whose own __init__ may want other arguments.
    twin = type(error).__new__(type(error), *error.args)
    twin.__dict__.update(error.__dict__)
    twin.__cause__ = error
    return twin


_writers: weakref.WeakSet[GroupCommit[Any, Any]] = weakref.WeakSet()


def close_all() -> None:
    """Store what is queued everywhere; runs when the process ends."""
    for writer in list(_writers):
        writer.close()


def _after_fork_in_child() -> None:
    for writer in list(_writers):
        writer.forget()


atexit.register(close_all)
os.register_at_fork(after_in_child=_after_fork_in_child)
