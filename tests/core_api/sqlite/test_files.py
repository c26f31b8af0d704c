"""How a database file comes into being: pragmas, modes, the template."""

import sqlite3
import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from tests.core_api.sqlite.conftest import Database, Spawn
from tests.core_api.sqlite.workers import open_with_template

PRAGMAS = ("page_size", "auto_vacuum", "journal_mode", "synchronous", "foreign_keys")
EXPECTED = {
    "page_size": 16384,
    "auto_vacuum": 2,
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
}


def pragmas(connection) -> dict[str, object]:
    with connection.cursor() as cursor:
        return {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.sqlite3"
    connection = sqlite3.connect(path)
    for pragma in ("page_size = 16384", "auto_vacuum = INCREMENTAL", "journal_mode = WAL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE mark (name TEXT)")
    connection.close()
    return path


def tables(connection) -> list[str]:
    with connection.cursor() as cursor:
        return connection.introspection.table_names(cursor)


def test_a_new_file(fair: Database) -> None:
    connection = fair.use()
    assert pragmas(connection) == EXPECTED
    assert tables(connection) == []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a)")
    assert pragmas(connection) == EXPECTED


def test_only_the_owner_can_read(fair: Database) -> None:
    with fair.use().cursor() as cursor:
        cursor.execute("CREATE TABLE t (a)")
    folder = fair.path.parent
    assert mode(folder) == 0o700
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        "db.sqlite3": 0o600,
        "db.sqlite3-shm": 0o600,
        "db.sqlite3-wal": 0o600,
        "db.sqlite3.lock": 0o600,
        "db.sqlite3.lock-next": 0o600,
    }


def test_an_old_file_keeps_its_pages_and_turns_to_wal(fair: Database) -> None:
    fair.path.parent.mkdir()
    old = sqlite3.connect(fair.path)
    old.execute("PRAGMA page_size = 4096")
    old.execute("CREATE TABLE t (a)")
    old.close()
    connection = fair.use()
    assert pragmas(connection) == EXPECTED | {"page_size": 4096, "auto_vacuum": 0}
    assert tables(connection) == ["t"]


def test_a_copy_of_the_template(fair: Database, template: Path) -> None:
    before = template.read_bytes()
    connection = fair.use(template=template)
    assert pragmas(connection) == EXPECTED
    assert tables(connection) == ["mark"]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO mark VALUES ('mine')")
    fair.close()
    assert template.read_bytes() == before
    assert sorted(path.name for path in fair.path.parent.iterdir()) == [
        "db.sqlite3",
        "db.sqlite3.lock",
        "db.sqlite3.lock-next",
    ]


def test_a_database_that_is_there_is_left_alone(fair: Database, template: Path) -> None:
    with fair.use().cursor() as cursor:
        cursor.execute("CREATE TABLE mine (a)")
    assert tables(fair.use(template=template)) == ["mine"]


def test_a_missing_template_gives_an_empty_database(fair: Database, tmp_path: Path) -> None:
    assert tables(fair.use(template=tmp_path / "none")) == []


def test_a_test_database_gets_no_template(fair: Database, template: Path) -> None:
    connection = fair.use(template=template, test_name=fair.path)
    assert tables(connection) == []


def test_the_log_of_a_deleted_database_is_not_replayed(fair: Database, template: Path) -> None:
    with fair.use().cursor() as cursor:
        cursor.execute("CREATE TABLE old (a)")
    log = Path(f"{fair.path}-wal")
    left_behind = log.read_bytes()
    fair.close()
    fair.path.unlink()
    log.write_bytes(left_behind)
    assert tables(fair.use(template=template)) == ["mark"]


def test_processes_that_start_together_agree(fair: Database, template: Path, spawn: Spawn) -> None:
    pipes = [spawn(open_with_template, fair.path, template)[1] for _ in range(3)]
    assert [pipe.recv() for pipe in pipes] == ["ready"] * 3
    for pipe in pipes:
        pipe.send("go")
    assert [pipe.recv() for pipe in pipes] == ["written"] * 3
    with fair.use().cursor() as cursor:
        assert len(set(cursor.execute("SELECT name FROM mark").fetchall())) == 3


@pytest.mark.parametrize("name", [":memory:", "file:fair?mode=memory&cache=shared"])
def test_in_memory_databases_have_no_files(fair: Database, template: Path, name: str) -> None:
    path, fair.path = fair.path, name
    connection = fair.use(template=template)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a)")
    assert tables(connection) == ["t"]
    connection.connection.close()
    connection.connection = None
    assert not path.parent.exists()


def test_other_uris_are_refused(fair: Database) -> None:
    fair.path = f"file:{fair.path}?mode=ro"
    with pytest.raises(ImproperlyConfigured, match="must be a path, not a URI"):
        fair.use().ensure_connection()


def test_a_file_that_is_no_database(fair: Database) -> None:
    fair.path.parent.mkdir()
    fair.path.write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(DatabaseError, match="file is not a database"):
        fair.use().ensure_connection()
    assert fair.free
