"""The sandboxed children of a process: a bounded number, started when they are needed."""

import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.conf import settings

from core_api import turns
from core_api.sandbox.messages import Request, packed
from core_api.sandbox.processes import Child

GIB = 2**30


class Pool:
    """At most `size` children; calls beyond that wait, and are served in the order of asking."""

    def __init__(self, size: int) -> None:
        self._guard = threading.Lock()
        self._slots: list[Child | None] = [None] * size
        self._waiting: deque[Future[Child | None]] = deque()
        # A child dies with the thread that starts it, and threads of requests end.
        self._starter = ThreadPoolExecutor(1, "sandbox")

    def call(self, request: Request) -> Any:
        """Run the request in a child; what `Child.call` returns and raises."""
        child = self._take()
        try:
            if child is None or child.spent:
                child = self._fresh(child)
            return child.call(request)
        finally:
            self._give(child)

    def close(self) -> None:
        """End the children that nobody uses."""
        with self._guard:
            slots, self._slots = self._slots, [None] * len(self._slots)
        for child in slots:
            if child is not None:
                child.kill()
        self._starter.shutdown(wait=False)

    def _fresh(self, former: Child | None) -> Child:
        if former is not None:
            former.kill()
        return self._starter.submit(Child).result()

    def _take(self) -> Child | None:
        """A slot, the one that was used last where several are free."""
        with self._guard:
            if self._slots:
                return self._slots.pop()
            waiter: Future[Child | None] = Future()
            self._waiting.append(waiter)
        return waiter.result()

    def _give(self, child: Child | None) -> None:
        with self._guard:
            if not self._waiting:
                self._slots.append(child)
                return
            waiter = self._waiting.popleft()
        waiter.set_result(child)


_guard = threading.Lock()
_pools: dict[int, Pool] = {}


def call(target: str, *arguments: Any, cpu_seconds: float, memory: int = GIB) -> Any:
    """Run the pure function `target`, "package.module:function", in a child process.

    Arguments and result are plain values, bytes among them, or dataclasses of such that the
    function's module knows by their names. `cpu_seconds` of the processor, rounded up, and `memory`
    in bytes are all that it gets. The thread's turn is given up meanwhile.
    Raises the function's own errors whose class its module knows by name, made of their message;
    Crashed for all else, Exhausted among it.
    """
    module, _, function = target.partition(":")
    items = [packed(argument) for argument in arguments]
    with turns.given_up():
        return _pool().call(Request(module, function, cpu_seconds, memory, items))


def _pool() -> Pool:
    """The pool of this process; a forked one has another."""
    pid = os.getpid()
    with _guard:
        if pid not in _pools:
            _pools[pid] = Pool(settings.COAPTURE_SANDBOX_PROCESSES)
        return _pools[pid]
