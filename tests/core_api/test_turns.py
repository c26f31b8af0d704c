"""core_api/turns.py."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from core_api import turns


@pytest.fixture
def two() -> Iterator[None]:
    before = turns._turns
    turns.limit(2)
    yield
    turns._turns = before


def free() -> int:
    assert turns._turns is not None
    return turns._turns.free


class Crowd:
    """Counts how many are inside at once, and holds them there until `leave` is set."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.guard = threading.Lock()
        self.full = threading.Semaphore(0)
        self.leave = threading.Event()

    def enter(self) -> None:
        with self.guard:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.full.release()
        assert self.leave.wait(30)
        with self.guard:
            self.inside -= 1


def test_at_most_two_have_a_turn(two: None) -> None:
    crowd = Crowd()

    def work() -> None:
        with turns.taken():
            crowd.enter()

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(work) for _ in range(6)]
        for _ in range(2):
            assert crowd.full.acquire(timeout=30)
        assert not crowd.full.acquire(timeout=0.05), "a third one got in"
        crowd.leave.set()
        for each in done:
            each.result(30)
    assert crowd.most == 2


def test_a_turn_that_is_given_up_is_another_ones(two: None) -> None:
    crowd = Crowd()

    def wait() -> None:
        with turns.taken(), turns.given_up():
            crowd.enter()

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(wait) for _ in range(6)]
        for _ in range(6):
            assert crowd.full.acquire(timeout=30)
        crowd.leave.set()
        for each in done:
            each.result(30)


def test_a_turn_is_given_up_once(two: None) -> None:
    with turns.taken(), turns.given_up(), turns.given_up():
        assert free() == 2
    assert free() == 2


def test_an_error_gives_the_turn_back(two: None) -> None:
    for _ in range(5):
        with pytest.raises(ValueError), turns.taken(), turns.given_up():
            raise ValueError
    assert free() == 2


def test_without_a_limit_nobody_waits() -> None:
    assert turns._turns is None
    with turns.taken(), turns.given_up(), turns.taken():
        pass
    pause = turns.Pause()
    pause.end()
    pause.wait()


def test_who_is_woken_from_a_pause_has_a_turn(two: None) -> None:
    crowd = Crowd()
    pauses: list[turns.Pause] = []
    paused = threading.Semaphore(0)

    def work() -> None:
        with turns.taken():
            pause = turns.Pause()
            pauses.append(pause)
            paused.release()
            pause.wait()
            crowd.enter()

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(work) for _ in range(6)]
        for _ in range(6):
            assert paused.acquire(timeout=30), "a pause kept its turn"
        for pause in pauses:
            pause.end()
        for _ in range(2):
            assert crowd.full.acquire(timeout=30)
        assert not crowd.full.acquire(timeout=0.05), "a third one got in"
        crowd.leave.set()
        for each in done:
            each.result(30)
    assert free() == 2


def test_a_pause_may_end_before_it_begins(two: None) -> None:
    with turns.taken():
        pause = turns.Pause()
        pause.end()
        pause.wait()
    assert free() == 2


def asleep() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


def test_who_is_called_is_woken_when_nobody_has_a_turn(two: None) -> None:
    at_once, later = asleep(), asleep()
    turns.call(at_once)
    assert not at_once.locked()
    with turns.taken():
        turns.call(later)
        assert later.locked()
        with turns.given_up():
            assert not later.locked()


def test_who_is_called_waits_no_longer_when_there_is_hurry(two: None) -> None:
    first, second = asleep(), asleep()
    with turns.taken():
        turns.call(first)
        turns.call(second)
        turns.hurry()
        assert (first.locked(), second.locked()) == (False, True)
    assert not second.locked()
    turns.hurry()


def test_without_a_limit_who_is_called_is_woken() -> None:
    lock = asleep()
    turns.call(lock)
    assert not lock.locked()
    turns.hurry()
    assert not turns.is_wanted()


def test_a_turn_is_wanted_by_those_who_had_one_before(two: None) -> None:
    pause: list[turns.Pause] = []
    paused = threading.Event()

    def work() -> None:
        with turns.taken():
            pause.append(turns.Pause())
            paused.set()
            pause[0].wait()

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(work)
        assert paused.wait(30)
        assert not turns.is_wanted()
        with turns.taken():
            other = threading.Event()
            holding = pool.submit(hold, other)
            while free():
                assert not holding.done()
            assert not turns.is_wanted()
            pause[0].end()
            assert turns.is_wanted()
            other.set()
            done.result(30)
            assert not turns.is_wanted()


def hold(until: threading.Event) -> None:
    with turns.taken():
        assert until.wait(30)


def test_turns_are_numbered(two: None) -> None:
    before = turns.number()
    with turns.taken():
        first = turns.number()
        with turns.given_up():
            pass
        assert (first, turns.number()) == (before + 1, before + 2)
