"""collections_app/images/variants/renders.py."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from collections_app.images.variants import renders
from collections_app.images.variants.renders import Renders
from core_api import turns
from core_api.errors import BadRequest, ServiceUnavailable, Unprocessable


class Work:
    """Draws when it is told to, and counts how often and how many at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)
        self.guard = threading.Lock()
        self.done = self.now = self.most = 0

    def __call__(self) -> bytes:
        with self.guard:
            self.now += 1
            self.most = max(self.most, self.now)
        self.begun.release()
        with turns.given_up():
            assert self.go.wait(10)
        with self.guard:
            self.now -= 1
            self.done += 1
        return b"drawn"


def inside(one: Renders, count: int) -> None:
    """Wait until so many requests are counted."""
    until = threading.Event()
    for _ in range(2000):
        if one._inside >= count:
            return
        until.wait(0.005)
    raise AssertionError("they did not come")


@pytest.fixture(autouse=True)
def two(settings: Any) -> None:
    settings.COAPTURE_SANDBOX_PROCESSES = 2
    settings.COAPTURE_VARIANT_WAITING = 5


def test_one_variant_is_drawn_once_for_all_who_ask_meanwhile() -> None:
    one, work = Renders(), Work()
    with ThreadPoolExecutor(5) as threads:
        asked = [threads.submit(one.draw, "a", work) for _ in range(5)]
        inside(one, 5)
        work.go.set()
        assert [each.result(10) for each in asked] == [b"drawn"] * 5
    assert work.done == 1


def test_different_ones_are_drawn_at_once_as_far_as_there_are_children() -> None:
    one, work = Renders(), Work()
    with ThreadPoolExecutor(5) as threads:
        asked = [threads.submit(one.draw, str(number), work) for number in range(5)]
        inside(one, 5)
        for _ in range(2):
            assert work.begun.acquire(timeout=10)
        work.go.set()
        assert [each.result(10) for each in asked] == [b"drawn"] * 5
    assert (work.done, work.most) == (5, 2)


def test_large_pictures_are_drawn_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renders, "LARGE", 100)
    one, work, small = Renders(), Work(), Work()
    small.go.set()
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(one.draw, str(number), work, pixels=101) for number in range(3)]
        inside(one, 3)
        assert work.begun.acquire(timeout=10)
        assert one.draw("small", small, pixels=100) == b"drawn"
        work.go.set()
        assert [each.result(10) for each in asked] == [b"drawn"] * 3
    assert (work.done, work.most) == (3, 1)


def test_too_many_are_told_to_come_again_and_have_no_turn_meanwhile() -> None:
    one, work = Renders(), Work()
    before = turns._turns
    turns.limit(1)
    try:

        def ask(number: int) -> bytes:
            with turns.taken():
                return one.draw(str(number % 3), work)

        with ThreadPoolExecutor(5) as threads:
            asked = [threads.submit(ask, number) for number in range(2)]
            asked += [threads.submit(one.draw, str(number % 3), work) for number in range(3)]
            inside(one, 5)
            with pytest.raises(ServiceUnavailable) as caught:
                one.draw("another", work)
            assert caught.value.headers["Retry-After"] == "1"
            work.go.set()
            assert [each.result(10) for each in asked] == [b"drawn"] * 5
    finally:
        turns._turns = before
    assert one.draw("another", work) == b"drawn"


@pytest.mark.parametrize("error", [BadRequest("too small"), Unprocessable("broken")])
def test_what_cannot_be_drawn_is_not_tried_again_at_once(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Renders()
    tries = []

    def work() -> bytes:
        tries.append(1)
        raise error

    for _ in range(3):
        with pytest.raises(type(error), match=str(error)):
            one.draw("a", work)
    assert len(tries) == 1
    monkeypatch.setattr(renders.time, "monotonic", lambda: 1e12)
    with pytest.raises(type(error)):
        one.draw("a", work)
    assert len(tries) == 2


def test_what_failed_for_another_reason_is_tried_again() -> None:
    one = Renders()

    def work() -> bytes:
        raise FileNotFoundError

    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            one.draw("a", work)
    assert one.draw("a", lambda: b"x") == b"x"


def test_what_cannot_be_drawn_is_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renders, "REFUSED_MOST", 3)
    one = Renders()

    def work() -> bytes:
        raise Unprocessable("broken")

    for number in range(9):
        with pytest.raises(Unprocessable):
            one.draw(str(number), work)
    assert list(one._refused) == ["6", "7", "8"]
