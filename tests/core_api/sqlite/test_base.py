"""When a connection holds the write lock, and when it lets it go."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connections, transaction

from core_api.changes import Change
from tests.core_api.sqlite.conftest import Database, Run
from tests.core_api.sqlite.workers import ALIAS

INSERT = "INSERT INTO core_api_change (path, created) VALUES ('/x', '2026-11-21')"


def save(path: str = "/x") -> None:
    Change(path=path).save(using=ALIAS)


def paths() -> list[str]:
    rows = Change.objects.using(ALIAS).order_by("sequence")
    return list(rows.values_list("path", flat=True))


def execute(sql: str) -> Any:
    return connections[ALIAS].cursor().execute(sql)


def test_atomic_holds_the_lock_until_the_commit(table: Database) -> None:
    with transaction.atomic(ALIAS):
        assert not table.free
        save()
        with transaction.atomic(ALIAS):
            save("/y")
        assert not table.free
    assert table.free
    assert paths() == ["/x", "/y"]


def test_atomic_releases_after_a_rollback(table: Database) -> None:
    def save_and_fail() -> None:
        save()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction.atomic(ALIAS)(save_and_fail)()
    assert table.free
    assert paths() == []


def test_a_savepoint_that_is_rolled_back_keeps_the_lock(table: Database) -> None:
    with transaction.atomic(ALIAS):
        with pytest.raises(IntegrityError), transaction.atomic(ALIAS):
            Change(sequence=1, path=None).save(using=ALIAS, force_insert=True)
        assert not table.free
        save()
    assert table.free
    assert paths() == ["/x"]


def test_closing_inside_atomic_releases(table: Database) -> None:
    with transaction.atomic(ALIAS):
        save()
        connections[ALIAS].close()
        assert table.free
    assert paths() == []


def test_a_commit_that_fails_releases(table: Database) -> None:
    execute("CREATE TABLE child (a REFERENCES core_api_change DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(IntegrityError), transaction.atomic(ALIAS):
        execute("INSERT INTO child VALUES (7)")
    assert table.free
    assert execute("SELECT count(*) FROM child").fetchone() == (0,)


def test_a_begin_that_fails_releases(table: Database) -> None:
    table.use(timeout=0.1)
    stranger = sqlite3.connect(table.path, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked"), transaction.atomic(ALIAS):
        pytest.fail("the block must not run")
    assert table.free
    stranger.close()
    save()
    assert paths() == ["/x"]


def test_without_autocommit_the_lock_is_held_until_commit_or_rollback(table: Database) -> None:
    connection = connections[ALIAS]
    connection.set_autocommit(False)
    assert paths() == []
    assert table.free
    save("/kept")
    assert not table.free
    connection.commit()
    assert table.free
    save("/undone")
    connection.rollback()
    assert table.free
    save("/kept, too")
    connection.set_autocommit(True)
    assert table.free
    assert paths() == ["/kept", "/kept, too"]


def test_transactions_written_by_hand(table: Database) -> None:
    execute("BEGIN IMMEDIATE")
    assert not table.free
    execute("ROLLBACK")
    assert table.free
    execute("BEGIN")
    assert table.free
    execute(INSERT)
    assert not table.free
    execute("COMMIT")
    assert table.free
    assert paths() == ["/x"]


WRITES: dict[str, Callable[[], Any]] = {
    "save": save,
    "insert": lambda: execute(INSERT),
    "returning": lambda: execute(f"{INSERT}, ('/y', '') RETURNING sequence").fetchone(),
    "update": lambda: Change.objects.using(ALIAS).update(path="/y"),
    "delete": lambda: Change.objects.using(ALIAS).all().delete(),
    "many": lambda: connections[ALIAS].cursor().executemany(f"{INSERT}, (%s, '')", [("/a",)]),
    "script": lambda: connections[ALIAS].cursor().executescript(f"{INSERT}; {INSERT}"),
    "ddl": lambda: execute("CREATE TABLE t (a)"),
    "pragma": lambda: execute("PRAGMA user_version = 7"),
    "atomic": lambda: transaction.atomic(ALIAS)(save)(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_waits_for_its_turn(table: Database, run: Run, write: Callable[[], Any]) -> None:
    with table.held_elsewhere():
        waiting = run(write)
        time.sleep(0.05)
        assert not waiting.done()
    waiting.result(10)
    assert table.free


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_the_deadline(table: Database, write: Callable[[], Any]) -> None:
    table.use(timeout=0.05)
    with (
        table.held_elsewhere(),
        pytest.raises(OperationalError, match=r"^database is busy: no turn to write in 0\.05 s$"),
    ):
        write()
    assert table.free
    write()
    assert table.free


def test_a_statement_that_fails_releases(table: Database) -> None:
    with pytest.raises(OperationalError):
        execute("INSERT INTO nowhere VALUES (1)")
    assert table.free
    with pytest.raises(IntegrityError):
        connections[ALIAS].cursor().executemany(f"{INSERT}, (%s, '')", [("/a",), (None,)])
    assert table.free


def test_reads_never_wait(table: Database, run: Run) -> None:
    save("/before")
    table.use(timeout=0.05)
    with table.held_elsewhere():
        assert paths() == ["/before"]
        assert run(paths).result(10) == ["/before"]
        assert execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_reads_see_the_last_commit_while_another_writes(table: Database, run: Run) -> None:
    with transaction.atomic(ALIAS):
        save("/not yet")
        assert run(paths).result(10) == []
    assert run(paths).result(10) == ["/not yet"]


def test_returning_is_committed_while_its_cursor_is_open(table: Database) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(f"{INSERT}, ('/y', ''), ('/z', '') RETURNING path")
        assert table.free
        other = sqlite3.connect(table.path, timeout=0)
        assert other.execute("SELECT count(*) FROM core_api_change").fetchone() == (3,)
        other.execute("DELETE FROM core_api_change")
        other.commit()
        other.close()
        assert cursor.fetchone() == ("/x",)
        assert cursor.fetchmany(1) == [("/y",)]
        assert cursor.fetchall() == [("/z",)]
        assert cursor.fetchone() is None


def test_rows_of_returning_can_be_iterated(table: Database) -> None:
    rows = execute(f"{INSERT}, ('/y', '') RETURNING path")
    assert list(rows) == [("/x",), ("/y",)]
    assert list(rows) == []
    assert list(rows.execute("SELECT 1")) == [(1,)]


def test_returning_inside_atomic(table: Database) -> None:
    with transaction.atomic(ALIAS):
        assert execute(f"{INSERT} RETURNING path").fetchmany() == [("/x",)]
        assert not table.free
    assert table.free


def test_schema_changes_release(table: Database) -> None:
    with connections[ALIAS].schema_editor() as editor:
        editor.delete_model(Change)
        assert not table.free
    assert table.free


def test_a_connection_that_is_obsolete_is_closed_and_opened_again(table: Database) -> None:
    connection = connections[ALIAS]
    connection.set_autocommit(False)
    save()
    connection.close_if_unusable_or_obsolete()
    assert table.free
    assert paths() == []
    save("/y")
    assert paths() == ["/y"]
