"""core_api/sqlite/checkpoints.py: the log is copied beside the writers, and stays short."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core_api.sqlite import checkpoints
from core_api.sqlite.checkpoints import EVERY, LONGEST_LOG, Checkpointer
from tests.core_api.sqlite.conftest import Database


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def write(connection: Any, size: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (%s)", [bytes(size)])


@pytest.fixture
def connection(fair: Database) -> Any:
    connection = fair.use()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a)")
    return connection


def test_a_checkpoint_follows_every_so_many_bytes(fair: Database, connection: Any) -> None:
    before = fair.path.stat().st_size
    write(connection, EVERY // 2)
    assert fair.path.stat().st_size == before
    write(connection, EVERY // 2)
    wait_until(lambda: fair.path.stat().st_size > before + EVERY * 3 // 4)
    wait_until(lambda: not checkpoints.checkpointer(fair.path).running)


def test_the_log_has_a_bound(fair: Database, connection: Any) -> None:
    bound = LONGEST_LOG * 16384
    for _ in range(3 * bound // EVERY):
        write(connection, EVERY)
    wait_until(lambda: not checkpoints.checkpointer(fair.path).running)
    # A commit that finds the thread at work leaves the log as it is, and the next one tries again.
    assert Path(f"{fair.path}-wal").stat().st_size < 2 * bound


def test_a_failure_is_logged_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = Checkpointer(tmp_path / "missing.sqlite3")
    for number in range(2):
        with caplog.at_level(logging.WARNING):
            one.wrote(EVERY)
            wait_until(lambda: not one.running)
        assert caplog.text.count("could not be copied") == number + 1
    assert not (tmp_path / "missing.sqlite3").exists()


def test_a_forked_child_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_checkpointers", {})
    path = tmp_path / "db.sqlite3"
    first = checkpoints.checkpointer(path)
    assert checkpoints.checkpointer(path) is first
    assert not checkpoints.forget()
    second = checkpoints.checkpointer(path)
    assert second is not first
    second.running = True
    assert checkpoints.forget()
