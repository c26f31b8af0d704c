"""core_api/postgresql/feed.py: commits that overtake each other, servers that go away."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from core_api import changes
from core_api.changes import Change, Follower, publish
from core_api.postgresql import feed
from tests.services import databases

pytestmark = pytest.mark.django_db(transaction=True)

INSERT = "INSERT INTO core_api_change (path, created) VALUES (%s, now())"


@pytest.fixture(autouse=True)
def _notified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is notified is found within the time of a test."""
    monkeypatch.setattr(feed, "FALLBACK", 600.0)


@pytest.fixture
def other() -> Iterator[psycopg.Connection[Any]]:
    """Another client of the database, in a transaction since its first statement."""
    with psycopg.connect(databases.url()) as client:
        yield client


@pytest.fixture
def follower() -> Iterator[Follower]:
    with Follower() as follower:
        yield follower


def commit(other: psycopg.Connection[Any]) -> None:
    other.commit()
    other.execute(f"NOTIFY {feed.CHANNEL}")
    other.commit()


def test_a_commit_that_is_overtaken_is_not_missed(
    follower: Follower, other: psycopg.Connection[Any]
) -> None:
    other.execute(INSERT, ["/slow"])
    publish("/fast")
    assert follower.wait(30) == ["/fast"]
    commit(other)
    assert follower.wait(30) == ["/slow"]
    assert Change.objects.order_by("sequence").first().path == "/slow"
    assert follower.wait(0.05) == []


def test_what_was_open_when_the_follower_was_made_comes(other: psycopg.Connection[Any]) -> None:
    publish("/before")
    other.execute(INSERT, ["/open"])
    with Follower() as follower:
        commit(other)
        assert follower.wait(30) == ["/open"]


def test_a_transaction_of_somebody_else_holds_nothing_up(
    follower: Follower, other: psycopg.Connection[Any]
) -> None:
    other.execute("SELECT pg_current_xact_id()")
    for path in ("/a", "/b"):
        publish(path)
        assert follower.wait(30) == [path]
    other.rollback()
    assert follower.wait(0.05) == []


def test_what_is_rolled_back_is_never_seen(
    follower: Follower, other: psycopg.Connection[Any]
) -> None:
    other.execute(INSERT, ["/undone"])
    other.rollback()
    publish("/done")
    assert follower.wait(30) == ["/done"]


def test_many_rows_of_several_transactions_come_in_parts(
    follower: Follower, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "READ_BATCH", 2)
    other.execute(INSERT, ["/late"])
    publish("/a", "/b", "/c")
    publish("/d")
    assert follower.wait(30) == ["/a", "/b"]
    commit(other)
    publish("/e")
    assert [follower.wait(30), follower.wait(30)] == [["/c", "/d"], ["/late", "/e"]]
    assert follower.wait(0.05) == []


def test_a_connection_that_the_server_ends_is_made_anew(
    follower: Follower, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "RETRY_SECONDS", 0.01)
    publish("/a")
    assert follower.wait(30) == ["/a"]
    victim = follower._connection.connection.info.backend_pid
    publish("/before the end")
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [victim])
    publish("/after the end")
    found: list[str] = []
    while len(found) < 2 and (paths := follower.wait(30)):
        found += paths
    assert found == ["/before the end", "/after the end"]
    publish("/b")
    assert follower.wait(30) == ["/b"]


def test_a_server_that_is_behind_is_followed_from_now_on(
    follower: Follower, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restore: its transactions are counted from a smaller number."""
    monkeypatch.setattr(changes, "RETRY_SECONDS", 0.01)
    publish("/former")
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [_backend(follower)])
    follower._feed._seen = "900000000:900000000:"
    assert follower.wait(0.5) == []
    publish("/a")
    assert follower.wait(30) == ["/a"]


def _backend(follower: Follower) -> int:
    return int(follower._connection.connection.info.backend_pid)


def test_a_transaction_notifies_once(other: psycopg.Connection[Any]) -> None:
    other.autocommit = True
    other.execute(f"LISTEN {feed.CHANNEL}")
    with transaction.atomic():
        publish("/a")
        publish("/b")
        with transaction.atomic():
            publish("/undone")
            transaction.set_rollback(True)
        assert list(other.notifies(timeout=0.05)) == []
    assert len(list(other.notifies(timeout=30, stop_after=1))) == 1
    assert list(other.notifies(timeout=0.05)) == []


def test_a_commit_whose_process_died_before_it_notified_is_found(
    other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FALLBACK", 0.05)
    with Follower() as follower:
        other.execute(INSERT, ["/a"])
        other.commit()
        assert follower.wait(30) == ["/a"]


def test_an_idle_follower_asks_for_nothing(follower: Follower) -> None:
    statement = "SELECT state_change FROM pg_stat_activity WHERE pid = %s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [_backend(follower)])
        before = cursor.fetchone()
        assert follower.wait(0.1) == []
        cursor.execute(statement, [_backend(follower)])
        assert cursor.fetchone() == before


def test_the_rows_are_found_by_the_index(follower: Follower) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_api_change (path, created)"
            " SELECT '/' || n, now() FROM generate_series(1, 20000) n"
        )
        cursor.execute("ANALYZE core_api_change")
        cursor.execute("SELECT pg_current_snapshot()::text")
        (now,) = cursor.fetchone()
        values = {"transaction": "0", "sequence": 0, "seen": now, "current": now, "limit": 1000}
        cursor.execute(f"EXPLAIN {feed._ROWS}", values)
        plan = "\n".join(step for (step,) in cursor.fetchall())
    assert "core_api_change_in_order" in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan
