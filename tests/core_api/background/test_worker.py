"""The worker's loop, over real functions."""

import os
import signal
import threading

import pytest

from core_api.background import periodic, worker
from core_api.serving.processes import Stop

# The worker closes old connections, which would end a test transaction.
pytestmark = pytest.mark.django_db(transaction=True)

HERE = "tests.core_api.background.test_worker"
calls: list[str] = []


def often() -> None:
    """Stops the worker at its third call."""
    calls.append("often")
    if calls.count("often") == 3:
        os.kill(os.getpid(), signal.SIGTERM)


def once() -> None:
    """Due once an hour."""
    calls.append("once")


def fails() -> None:
    """Never works."""
    calls.append("fails")
    raise LookupError("not today")


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


def test_what_is_due_runs() -> None:
    with Stop() as stop:
        worker.run(stop, {f"{HERE}.once": 3600.0, f"{HERE}.often": 0.01})
    assert calls == ["once", "often", "often", "often"]


def test_a_failure_is_logged_and_the_loop_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with Stop() as stop:
        worker.run(stop, {f"{HERE}.fails": 3600.0, f"{HERE}.often": 0.01})
    assert calls == ["fails", "often", "often", "often"]
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", f"{HERE}.fails failed")
    ]
    assert "not today" in caplog.text


def test_nothing_runs_after_the_signal() -> None:
    with Stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        worker.run(stop, {f"{HERE}.once": 3600.0})
    assert calls == []


def test_everything_in_the_table_runs(caplog: pytest.LogCaptureFixture) -> None:
    table = dict.fromkeys([one.function for one in periodic.PLATFORM], 3600.0)
    often_enough = {f"{HERE}.often": 0.01}
    with Stop() as stop:
        worker.run(stop, table | often_enough)
    assert caplog.records == []


def test_a_worker_without_functions_waits_for_the_signal() -> None:
    with Stop() as stop:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        worker.run(stop, {})


def test_an_engine_that_has_fallen_ends_the_worker() -> None:
    with Stop() as stop, pytest.raises(worker.EngineFell):
        worker.run(stop, {f"{HERE}.once": 3600.0}, lambda: False)
