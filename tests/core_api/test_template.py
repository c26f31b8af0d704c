"""db.sqlite3, the template in the repository: read, never opened for writing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from pytest_django import Settings

pytestmark = pytest.mark.only_sqlite

TEMPLATE = settings.COAPTURE_TEMPLATE


@pytest.fixture
def template() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{TEMPLATE}?mode=ro&immutable=1", uri=True)) as database:
        yield database


def value(database: sqlite3.Connection, pragma: str) -> object:
    return database.execute(f"PRAGMA {pragma}").fetchone()[0]


def tables(database: sqlite3.Connection) -> list[str]:
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def rows(database: sqlite3.Connection) -> dict[str, int]:
    count = "SELECT count(*) FROM"
    return {name: database.execute(f'{count} "{name}"').fetchone()[0] for name in tables(database)}


def test_how_it_is_made(template: sqlite3.Connection) -> None:
    found = {name: value(template, name) for name in ("page_size", "auto_vacuum", "journal_mode")}
    assert found == {"page_size": 16384, "auto_vacuum": 2, "journal_mode": "delete"}
    assert value(template, "integrity_check") == "ok"


def test_it_is_empty(template: sqlite3.Connection) -> None:
    counts = rows(template)
    counts.pop("django_migrations")
    assert counts
    assert counts == dict.fromkeys(counts, 0)


def test_it_has_every_migration(template: sqlite3.Connection) -> None:
    recorded = set(template.execute("SELECT app, name FROM django_migrations"))
    assert recorded == set(MigrationLoader(None).disk_migrations)


def test_it_stays_alone() -> None:
    beside = [path.name for path in TEMPLATE.parent.glob(f"{TEMPLATE.name}*")]
    assert beside == [TEMPLATE.name]


def test_the_command_makes_the_same(settings: Settings, tmp_path: Path) -> None:
    settings.COAPTURE_TEMPLATE = tmp_path / "db.sqlite3"
    call_command("template", verbosity=0)
    with closing(sqlite3.connect(settings.COAPTURE_TEMPLATE)) as made:
        schema = list(made.execute("SELECT type, name, sql FROM sqlite_master"))
    with closing(sqlite3.connect(f"file:{TEMPLATE}?mode=ro&immutable=1", uri=True)) as kept:
        assert list(kept.execute("SELECT type, name, sql FROM sqlite_master")) == schema
