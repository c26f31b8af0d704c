"""Turns to compute: at most a few threads of a process are inside the interpreter at once.

Sixteen threads that all want CPython's lock hand it round instead of working: with two at a time a
download takes 60 % of the processor time and its p99 a third. A thread gives its turn up where it
waits for something else: a body, a commit, the database's write lock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

_tokens: SimpleQueue[None] | None = None
_thread = threading.local()


def limit(count: int) -> None:
    """From now on at most `count` threads of this process have a turn at once."""
    global _tokens
    tokens: SimpleQueue[None] = SimpleQueue()
    for _ in range(count):
        tokens.put(None)
    _tokens = tokens


@contextmanager
def taken() -> Iterator[None]:
    """Wait for a turn and have it while the block runs; at once where there is no limit."""
    tokens = _tokens
    if tokens is None:
        yield
        return
    tokens.get()
    _thread.tokens = tokens
    try:
        yield
    finally:
        _thread.tokens = None
        tokens.put(None)


@contextmanager
def given_up() -> Iterator[None]:
    """Let others have this thread's turn while the block waits, then wait for one again."""
    tokens = getattr(_thread, "tokens", None)
    if tokens is None:
        yield
        return
    _thread.tokens = None
    tokens.put(None)
    try:
        yield
    finally:
        tokens.get()
        _thread.tokens = tokens
