"""Threads that work for an event loop."""

import asyncio
import threading

import pytest

from coap_gateway.threads import Threads


def test_a_result() -> None:
    async def scenario(threads: Threads) -> str:
        return await threads.run(lambda: threading.current_thread().name)

    threads = Threads(1)
    assert asyncio.run(scenario(threads)) == "coap-0"
    threads.stop()


def test_an_exception_comes_back() -> None:
    async def scenario(threads: Threads) -> int:
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)
        return await threads.run(lambda: 5)

    threads = Threads(1)
    assert asyncio.run(scenario(threads)) == 5
    threads.stop()


def test_as_many_at_once_as_there_are_threads() -> None:
    barrier = threading.Barrier(3)

    async def scenario(threads: Threads) -> list[int]:
        return await asyncio.gather(*(threads.run(lambda: barrier.wait(10)) for _ in range(3)))

    threads = Threads(3)
    assert sorted(asyncio.run(scenario(threads))) == [0, 1, 2]
    threads.stop()


def test_a_loop_that_has_ended_does_no_harm() -> None:
    ended = threading.Event()

    async def scenario(threads: Threads) -> None:
        threads.run(lambda: ended.wait(10))

    threads = Threads(1)
    asyncio.run(scenario(threads))
    ended.set()
    assert asyncio.run(_five(threads)) == 5
    threads.stop()


async def _five(threads: Threads) -> int:
    return await threads.run(lambda: 5)
