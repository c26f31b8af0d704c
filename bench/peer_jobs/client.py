"""Asks one system for jobs: `python -m bench.peer_jobs.client MODULE (latency|burst) COUNT`.

Prints one JSON object. `latency` enqueues one job after the other, `burst` as many as it can from a
few threads, each job in a transaction of its own.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from bench.peer_jobs.stamps import Stamps

THREADS = 4
PATIENCE = 60.0
# Seconds between two looks, and of rest before the next job of `latency`.
LOOK, REST = 0.002, 0.02


def latency(system: Any, count: int) -> dict[str, float]:
    """Milliseconds until a job is accepted, and from then until it begins, one at a time.

    The first one, for which the client connects, does not count.
    """
    accepting, starting = [], []
    for number in range(count + 1):
        stamps = Stamps()
        asked = time.monotonic_ns()
        system.enqueue(number)
        accepted = time.monotonic_ns()
        _wait(lambda stamps=stamps: stamps.count > 0)  # type: ignore[misc]
        accepting.append((accepted - asked) / 1e6)
        starting.append((stamps.read()[0][1] - accepted) / 1e6)
        _wait(system.settled)
        time.sleep(REST)
    return {
        "accept_ms": statistics.median(accepting[1:]),
        "start_ms": statistics.median(starting[1:]),
        "worst_ms": max(starting[1:]),
    }


def burst(system: Any, count: int) -> dict[str, float]:
    """Jobs a second: accepted, and ended, both from the first call on."""
    stamps = Stamps()
    start = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(system.enqueue, range(count)):
            pass
    accepted = time.monotonic()
    _wait(lambda: stamps.count >= count)
    _wait(system.settled)
    ended = time.monotonic()
    if sorted(number for number, _ in stamps.read()) != list(range(count)):
        raise SystemExit("Not every job ran exactly once.")
    return {"accepted": count / (accepted - start), "ended": count / (ended - start)}


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"The jobs did not end within {PATIENCE:g} s.")
        time.sleep(LOOK)


def main(module: str, what: str, count: str) -> None:
    """Measure and print."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        import django

        django.setup()
    measure = {"latency": latency, "burst": burst}[what]
    print(json.dumps(measure(import_module(module), int(count))))


if __name__ == "__main__":
    main(*sys.argv[1:])
