"""Threads that work for an event loop."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from coap_gateway import threads as threads_module
from coap_gateway.threads import Threads
from core_api import turns


@pytest.fixture
def one_turn() -> Iterator[None]:
    before = turns._turns
    turns.limit(1)
    yield
    turns._turns = before


@pytest.fixture
def two_turns(one_turn: None) -> None:
    turns.limit(2)


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


def test_what_is_queued_is_done_by_few_threads(
    one_turn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads_module, "STUCK_AFTER", 60)

    async def scenario(threads: Threads) -> list[str]:
        jobs = [threads.run(lambda: threading.current_thread().name) for _ in range(50)]
        return await asyncio.gather(*jobs)

    threads = Threads(16)
    names = asyncio.run(scenario(threads))
    # The one that does it all, and one that was up for its turn.
    assert len(set(names)) <= 2
    threads.stop()


def test_another_thread_goes_on_while_a_job_waits_without_its_turn(one_turn: None) -> None:
    committed = threading.Event()

    def store() -> bool:
        with turns.given_up():
            return committed.wait(10)

    async def scenario(threads: Threads) -> list[object]:
        return await asyncio.gather(
            *(threads.run(store) for _ in range(3)), threads.run(committed.set)
        )

    threads = Threads(4)
    assert asyncio.run(scenario(threads)) == [True, True, True, None]
    threads.stop()


def test_what_is_done_while_the_loop_is_busy_is_delivered_together() -> None:
    async def scenario(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        loop = asyncio.get_running_loop()
        calls: list[Any] = []

        def call(callback: Any, *arguments: Any) -> Any:
            calls.append(callback)
            return loop.call_soon(callback, *arguments)

        monkeypatch.setattr(loop, "call_soon_threadsafe", call)
        jobs = [threads.run(lambda: 5) for _ in range(20)]
        # The loop does nothing else until every thread has ended.
        threads.stop()
        found = await asyncio.gather(*jobs)
        assert len(calls) == 1
        return found

    with pytest.MonkeyPatch.context() as monkeypatch:
        assert asyncio.run(scenario(Threads(3), monkeypatch)) == [5] * 20


def test_every_thread_ends_after_what_is_queued() -> None:
    done: list[int] = []

    async def scenario(threads: Threads) -> None:
        for number in range(20):
            threads.run(lambda number=number: done.append(number))

    threads = Threads(4)
    asyncio.run(scenario(threads))
    threads.stop()
    assert sorted(done) == list(range(20))
    assert not any(thread.is_alive() for thread in threads._threads)


def test_one_computes_as_long_as_that_is_soon_done(
    two_turns: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads_module, "STUCK_AFTER", 60)

    async def scenario(threads: Threads) -> list[str]:
        jobs = [threads.run(lambda: threading.current_thread().name) for _ in range(50)]
        return await asyncio.gather(*jobs)

    threads = Threads(16)
    assert len(set(asyncio.run(scenario(threads)))) <= 2
    threads.stop()


def test_another_one_helps_when_a_job_keeps_its_turn(two_turns: None) -> None:
    released = threading.Event()

    async def scenario(threads: Threads) -> list[object]:
        return await asyncio.gather(
            threads.run(lambda: released.wait(10)), threads.run(released.set)
        )

    threads = Threads(2)
    assert asyncio.run(scenario(threads)) == [True, None]
    threads.stop()


def test_jobs_that_follow_on_each_other_do_not_keep_out_who_waited(one_turn: None) -> None:
    """The one that gave its turn up gets it back before an endless queue has ended."""
    pauses: list[turns.Pause] = []

    def store() -> str:
        pauses.append(turns.Pause())
        pauses[0].wait()
        return "stored"

    async def scenario(threads: Threads) -> str:
        stored = threads.run(store)
        while not pauses:
            await threads.run(int)
        queue = {threads.run(int) for _ in range(20)}
        pauses[0].end()
        while not stored.done():
            done, queue = await asyncio.wait(queue, return_when=asyncio.FIRST_COMPLETED)
            queue |= {threads.run(int) for _ in done}
        await asyncio.wait(queue)
        return stored.result()

    threads = Threads(4)
    assert asyncio.run(asyncio.wait_for(scenario(threads), 10)) == "stored"
    threads.stop()
