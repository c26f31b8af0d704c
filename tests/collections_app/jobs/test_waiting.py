"""Waiting for jobs to end."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from collections_app.jobs import services, waiting
from core_api import changes, turns
from core_api.background.models import Job, Status
from core_api.background.services import enqueue
from core_api.ending import Ending
from tests.collections_app.jobs import running

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 20.0
Start = Callable[[Callable[[], object]], None]


def followers() -> list[threading.Thread]:
    """The threads that follow the feed for those who wait."""
    return [thread for thread in threading.enumerate() if thread.name == "jobs-waiting"]


@pytest.fixture(autouse=True)
def nobody_lingers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The thread ends with the test."""
    monkeypatch.setattr(waiting, "PATIENCE", 0.02)
    monkeypatch.setattr(waiting, "LINGER", 0.1)
    yield
    for thread in followers():
        thread.join(SOON)
    assert not followers()


@pytest.fixture
def in_background() -> Iterator[Start]:
    """Runs functions in threads of their own, each with its connection; waits for them at last."""
    threads: list[threading.Thread] = []

    def start(function: Callable[[], object]) -> None:
        def work() -> None:
            try:
                function()
            finally:
                connection.close()

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()


def asked(path: str) -> tuple[threading.Event, threading.Event, Callable[[], bool]]:
    """Whether it was asked for, whether it is over, and the question."""
    was_asked, is_over = threading.Event(), threading.Event()

    def question() -> bool:
        answer = is_over.is_set()
        was_asked.set()
        return answer

    return was_asked, is_over, question


def test_who_waits_is_woken_by_the_change(in_background: Start) -> None:
    was_asked, is_over, question = asked("/jobs/1")

    def change() -> None:
        assert was_asked.wait(SOON)
        changes.publish("/jobs/2")
        is_over.set()
        changes.publish("/jobs/1")

    in_background(change)
    assert waiting.until("/jobs/1", question, SOON)


def test_what_is_over_already_is_not_waited_for() -> None:
    assert waiting.until("/jobs/1", lambda: True, 0.0)


def test_the_time_runs_out() -> None:
    before = time.monotonic()
    assert not waiting.until("/jobs/1", lambda: False, 0.1)
    assert 0.1 <= time.monotonic() - before < SOON


def test_many_wait_in_one_thread(in_background: Start) -> None:
    waits = [asked(f"/jobs/{number % 2}") for number in range(6)]
    results: list[bool] = []
    for number, (_, _, question) in enumerate(waits):
        path = f"/jobs/{number % 2}"
        in_background(lambda p=path, q=question: results.append(waiting.until(p, q, SOON)))
    for was_asked, is_over, _ in waits:
        assert was_asked.wait(SOON)
        is_over.set()
    assert len(followers()) == 1
    changes.publish("/jobs/0", "/jobs/1")
    deadline = time.monotonic() + SOON
    while len(results) < len(waits):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert all(results)


def test_the_turn_is_given_up_meanwhile(
    in_background: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_turns", turns._Turns(1))
    was_asked, is_over, question = asked("/jobs/1")

    def other() -> None:
        assert was_asked.wait(SOON)
        with turns.taken():
            is_over.set()
            changes.publish("/jobs/1")

    in_background(other)
    with turns.taken():
        assert waiting.until("/jobs/1", question, SOON)


def test_a_job_is_awaited(in_background: Start, tmp_path: Path) -> None:
    job = enqueue("test-sum", {"a": 1})
    in_background(lambda: running.run(Job.objects.get(pk=job.pk), tmp_path))
    assert services.awaited(job, SOON).status == Status.SUCCESSFUL


def test_seats() -> None:
    seats = waiting.Seats()
    with seats.one_of(2) as first, seats.one_of(2) as second, seats.one_of(2) as third:
        assert (first, second, third) == (True, True, False)
    with seats.one_of(1) as again:
        assert again
    with seats.one_of(0) as none:
        assert not none


def test_nobody_waits_when_the_process_ends(
    monkeypatch: pytest.MonkeyPatch, in_background: Start
) -> None:
    ending = Ending()
    ending.tell(waiting._following)
    monkeypatch.setattr(waiting, "ending", ending)
    was_asked, _, question = asked("/jobs/1")
    in_background(lambda: waiting.until("/jobs/1", question, 10 * SOON))
    assert was_asked.wait(SOON)
    ending.begin()
    assert not waiting.until("/jobs/2", lambda: False, 10 * SOON)
