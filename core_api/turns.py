"""Turns to compute: at most a few threads of a process are inside the interpreter at once.

Sixteen threads that all want CPython's lock hand it round instead of working: with two at a time a
download takes 60 % of the processor time and its p99 a third. A thread gives its turn up where it
waits for something else: a body, a commit, the database's write lock. Turns go from hand to hand in
the order of asking, so that a thread is woken when it can go on, and not before.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class _Turns:
    """A number of turns, and who waits for one: locks that are released when it is there."""

    def __init__(self, count: int) -> None:
        self._guard = threading.Lock()
        self._new: deque[threading.Lock] = deque()
        self._next: deque[threading.Lock] = deque()
        self._called: deque[threading.Lock] = deque()
        self._count = count
        self.free = count

    def ask(self, wake: threading.Lock) -> None:
        """Release `wake` as soon as there is a turn, which then is its owner's."""
        if self._taken(self._next, wake):
            wake.release()

    def call(self, wake: threading.Lock) -> None:
        """Release `wake` as soon as nobody has a turn, or when it is too long until then."""
        with self._guard:
            if self.free < self._count:
                self._called.append(wake)
                return
        wake.release()

    def hurry(self) -> None:
        """Those who have turns are not to be waited for: wake one who was called."""
        with self._guard:
            wake = self._called.popleft() if self._called else None
        if wake is not None:
            wake.release()

    @property
    def wanted(self) -> bool:
        """Whether somebody who had a turn before waits for one."""
        return bool(self._next)

    def take(self) -> None:
        """Wait for a turn."""
        wake = _locked()
        for queue in (self._new, self._next):
            if self._taken(queue, wake):
                return
            wake.acquire()

    def give(self) -> None:
        """Let the next one have this turn, or wake a new one who tries to get it.

        A thread that was running all along may be faster than the new one: that costs no switch.
        """
        with self._guard:
            if self._next:
                wake = self._next.popleft()
            else:
                self.free += 1
                waiting = self._new
                if not waiting and self.free == self._count:
                    waiting = self._called
                if not waiting:
                    return
                wake = waiting.popleft()
        wake.release()

    def _taken(self, queue: deque[threading.Lock], wake: threading.Lock) -> bool:
        """Take a turn that is free, or queue up for one."""
        with self._guard:
            free = self.free > 0
            if free:
                self.free -= 1
            else:
                queue.append(wake)
        return free


_turns: _Turns | None = None
_thread = threading.local()


def limit(count: int) -> None:
    """From now on at most `count` threads of this process have a turn at once."""
    global _turns
    _turns = _Turns(count)


def call(wake: threading.Lock) -> None:
    """Release the lock on which a thread sleeps when it is needed: when no other has a turn.

    Then it may take one. At once where there is no limit.
    """
    if _turns is None:
        wake.release()
    else:
        _turns.call(wake)


def hurry() -> None:
    """Wake one of those who were called, though others have turns: they get nowhere with them."""
    if _turns is not None:
        _turns.hurry()


def is_wanted() -> bool:
    """Whether this thread should not begin something else with its turn: others wait for it."""
    turns = _current()
    return turns is not None and turns.wanted


def number() -> int:
    """How many turns this thread has had; one that was given up meanwhile makes two."""
    had: int = getattr(_thread, "number", 0)
    return had


@contextmanager
def taken() -> Iterator[None]:
    """Wait for a turn and have it while the block runs; at once where there is no limit."""
    turns = _turns
    if turns is None:
        yield
        return
    turns.take()
    _begin(turns)
    try:
        yield
    finally:
        _thread.turns = None
        turns.give()


@contextmanager
def given_up() -> Iterator[None]:
    """Let others have this thread's turn while the block waits, then wait for one again."""
    turns = _current()
    if turns is None:
        yield
        return
    _thread.turns = None
    turns.give()
    try:
        yield
    finally:
        turns.take()
        _begin(turns)


class Pause:
    """A wait of the thread that makes it, ended by another thread; its turn is given up meanwhile.

    Who is woken has a turn again: many pauses that end at once are no crowd.
    """

    def __init__(self) -> None:
        self._wake = _locked()
        self._turns = _current()

    def wait(self) -> None:
        """Sleep until `end` was called."""
        if self._turns is not None:
            self._turns.give()
        self._wake.acquire()
        if self._turns is not None:
            _begin(self._turns)

    def end(self) -> None:
        """Wake the thread; called once, before or after it went to sleep."""
        if self._turns is None:
            self._wake.release()
        else:
            self._turns.ask(self._wake)


def _begin(turns: _Turns) -> None:
    """This thread has a turn."""
    _thread.turns = turns
    _thread.number = number() + 1


def _current() -> _Turns | None:
    """The turns of which this thread has one."""
    turns: _Turns | None = getattr(_thread, "turns", None)
    return turns


def _locked() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock
