"""A fair write lock on a file: one writer at a time, over all threads and processes.

SQLite's own busy handler sleeps and tries again, so whoever comes by at the right moment wins and
others starve. Here the threads of a process queue in the order of arrival, and the first of each
queue goes through a turnstile of two files: it takes "next", waits for "write", and lets "next" go.
So a process that has just released cannot overtake the one that waits. Fetching a file lock costs
more than waking a thread, therefore a process keeps it for a short slice while its queue lasts.

flock(2) frees a lock when its holder dies, and knows no time limit: it is tried, never waited for.
"""

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path

# Seconds between two tries: a part of the wait so far, so that trying stays cheap and quick.
SHORTEST_PAUSE = 0.00005
LONGEST_PAUSE = 0.002
PAUSE_PART = 0.05
# Seconds for which one process may hand the lock from thread to thread while others wait.
SLICE = 0.005


class WriteLock:
    """The write lock of one database file, shared by all threads of this process.

    Made by `write_lock`. Not re-entrant and not bound to a thread: who acquires it releases it.
    """

    def __init__(self, path: Path) -> None:
        self._turnstile = _Turnstile(path)
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._taken = False
        self._entered = False
        self._slice_end = 0.0

    def acquire(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds for the lock; whether it was got. OSError by the file."""
        deadline = time.monotonic() + timeout
        if not self._queue_up(timeout):
            return False
        try:
            self._entered = self._entered or self._enter(deadline)
        finally:
            if not self._entered:
                self.release()
        return self._entered

    def release(self) -> None:
        """Let the lock go: to the next thread here, or to the other processes after our slice."""
        with self._guard:
            over = not self._queue or time.monotonic() >= self._slice_end
            if over:
                self._entered = False
                self._turnstile.leave()
            if self._queue:
                self._queue.popleft().release()
            else:
                self._taken = False

    def _enter(self, deadline: float) -> bool:
        entered = self._turnstile.enter(deadline)
        self._slice_end = time.monotonic() + SLICE
        return entered

    def _queue_up(self, timeout: float) -> bool:
        """Wait until this thread is the one of the process that has or may fetch the file lock."""
        turn = threading.Lock()
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            turn.acquire()
            self._queue.append(turn)
        called = False
        try:
            called = turn.acquire(timeout=max(timeout, 0))
        finally:
            if not called:
                self._withdraw(turn)
        return called

    def _withdraw(self, turn: threading.Lock) -> None:
        """Leave the queue; a call that came too late goes to the one behind."""
        with self._guard:
            waiting = turn in self._queue
            if waiting:
                self._queue.remove(turn)
        if not waiting:
            self.release()

    def close(self) -> None:
        """In a forked child: close the parent's files; this lock is not used again."""
        self._turnstile.close()


class _Turnstile:
    """The part between processes: two lock files, of which at most one thread here waits."""

    def __init__(self, path: Path) -> None:
        self._next, self._write = (
            os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
            for name in (path.with_name(f"{path.name}-next"), path)
        )

    def close(self) -> None:
        os.close(self._next)
        os.close(self._write)

    def enter(self, deadline: float) -> bool:
        """Take the write lock before `deadline` (of time.monotonic); whether it was got."""
        if not _lock_before(self._next, deadline):
            return False
        try:
            return _lock_before(self._write, deadline)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def leave(self) -> None:
        fcntl.flock(self._write, fcntl.LOCK_UN)


def _lock_before(descriptor: int, deadline: float) -> bool:
    start = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
        else:
            return True
        if now >= deadline:
            return False
        pause = max(SHORTEST_PAUSE, min((now - start) * PAUSE_PART, LONGEST_PAUSE))
        time.sleep(min(pause, deadline - now))


_locks: dict[str, WriteLock] = {}
_locks_guard = threading.Lock()


def write_lock(database: Path) -> WriteLock:
    """This process's write lock of the database file; its lock file lies beside it."""
    path = os.path.realpath(database)
    with _locks_guard:
        if path not in _locks:
            _locks[path] = WriteLock(Path(f"{path}.lock"))
        return _locks[path]


def _after_fork_in_child() -> None:
    # A descriptor that came by fork would keep the parent's lock alive after its death.
    for lock in _locks.values():
        lock.close()
    _locks.clear()
    _locks_guard.release()


os.register_at_fork(
    before=_locks_guard.acquire,
    after_in_parent=_locks_guard.release,
    after_in_child=_after_fork_in_child,
)
