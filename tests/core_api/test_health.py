"""Signs of life."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from core_api import health


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.COAPTURE_DATA = tmp_path
    settings.COAPTURE_PARTS = ["web", "coap", "worker"]
    monkeypatch.setattr(health, "_migrated", False)
    return tmp_path


@pytest.mark.django_db
def test_parts_that_beat_are_up(data: Path) -> None:
    with health.beating("coap"):
        health.beat("worker")
        assert health.parts() == {"web": "up", "coap": "up", "worker": "up", "database": "up"}
    assert health.parts() == {"web": "up", "coap": "down", "worker": "up", "database": "up"}
    health.silence()
    assert list((data / "run").iterdir()) == []


@pytest.mark.django_db
def test_an_old_beat_is_no_life(data: Path) -> None:
    health.beat("coap")
    health.beat("worker")
    then = time.time() - health.DOWN_AFTER - 1
    os.utime(data / "run" / "worker", (then, then))
    assert health.parts() == {"web": "up", "coap": "up", "worker": "down", "database": "up"}


@pytest.mark.django_db
def test_the_thread_beats(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "BEAT_EVERY", 0.01)
    with health.beating("coap"):
        (data / "run" / "coap").unlink()
        deadline = time.monotonic() + 10
        while not (data / "run" / "coap").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_part_that_hangs_misses_its_beats(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "BEAT_EVERY", 0.001)
    asked = threading.Semaphore(0)

    def lives() -> bool:
        asked.release()
        return False

    with health.beating("coap", lives):
        (data / "run" / "coap").unlink()
        for _ in range(3):
            assert asked.acquire(timeout=10)
        assert health.sign("coap") == "down"


@pytest.mark.django_db
def test_each_process_of_a_part_counts(data: Path) -> None:
    health.beat("worker")
    health.beat("coap-2")
    with health.beating("coap"), health.beating("coap-1", returns=True):
        pass
    assert health.sign("coap-1") == "up", "its master starts it again"
    health.beat("coap")
    then = time.time() - health.DOWN_AFTER - 1
    os.utime(data / "run" / "coap-2", (then, then))
    up = {"web": "up", "coap": "up", "coap-1": "up", "coap-2": "down", "worker": "up"}
    assert health.parts() == up | {"database": "up"}
    health.silence("coap")
    assert [path.name for path in (data / "run").iterdir()] == ["worker"]
    assert health.silent_for("coap-2") == float("inf")


@pytest.mark.django_db
def test_without_a_list_of_parts_the_web_part_stands_alone(settings: Settings) -> None:
    settings.COAPTURE_PARTS = []
    assert health.parts() == {"web": "up", "database": "up"}


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_seen(settings: Settings) -> None:
    settings.COAPTURE_PARTS = []
    recorder = MigrationRecorder(connection)
    (last,) = MigrationLoader(connection).graph.leaf_nodes("core_api")
    recorder.record_unapplied(*last)
    assert health.parts() == {"web": "up", "database": "not migrated"}
    recorder.record_applied(*last)
    assert health.parts() == {"web": "up", "database": "up"}


@pytest.fixture
def broken_database(db: None) -> Iterator[None]:
    """A connection that every statement fails on."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.set_authorizer(lambda *_: 1)
        yield
        connection.connection.set_authorizer(None)
    else:
        # PostgreSQL refuses everything after an error, until the test's transaction ends.
        with connection.cursor() as cursor, pytest.raises(DatabaseError):
            cursor.execute("SELECT 1 / 0")
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("broken_database")
def test_a_database_that_does_not_answer_is_down(settings: Settings) -> None:
    settings.COAPTURE_PARTS = []
    assert health.parts() == {"web": "up", "database": "down"}
