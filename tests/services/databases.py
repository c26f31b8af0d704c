"""Which database the tests use: SQLite, or PostgreSQL under `--database=postgresql`."""

import hashlib
import os
import sqlite3
import subprocess
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.db import connection, connections

from core_api import databases
from core_api.serving.processes import managing

if TYPE_CHECKING:
    from tests.services.postgres import PostgreSQL

SQLITE, POSTGRESQL = "sqlite", "postgresql"


def use(server: "PostgreSQL") -> None:
    """Let this process's tests, and the programs that they start, use the server."""
    os.environ["DATABASE_URL"] = server.create("coapture")
    settings.DATABASES["default"] = databases.configured(
        os.environ["DATABASE_URL"], settings.COAPTURE_DATA, settings.COAPTURE_LOCK_TIMEOUT
    )
    # What was known of the former database, which nobody has opened yet.
    connections.__dict__.pop("settings", None)
    if hasattr(connections._connections, "default"):
        del connections["default"]


def url() -> str:
    """The DATABASE_URL of the database that the tests of this process use."""
    facts = connection.settings_dict
    if connection.vendor == SQLITE:
        return f"sqlite:///{facts['NAME']}"
    user, name = quote(facts["USER"]), quote(facts["NAME"])
    return f"postgresql://{user}@{facts['HOST']}:{facts['PORT']}/{name}"


def url_for(data: Path) -> str:
    """The DATABASE_URL for a program with this data folder: a database of its own, with its tables.

    Empty where that is SQLite, which then lies in the folder.
    """
    if connection.vendor == SQLITE:
        return ""
    _migrated()
    return _made(data, os.environ["DATABASE_URL"].rpartition("/")[2])


def make_empty(data: Path) -> None:
    """Make the database of `url_for` before it does, and without tables."""
    if connection.vendor == SQLITE:
        (data / "db.sqlite3").touch()
    else:
        _made(data, "template1")


def _made(data: Path, template: str) -> str:
    """The URL of the folder's database, which is a copy of the template where it is new."""
    maintenance = os.environ["DATABASE_URL"].rpartition("/")[0]
    name = f"coapture_{hashlib.sha256(bytes(data)).hexdigest()[:16]}"
    with psycopg.connect(f"{maintenance}/postgres", autocommit=True) as server:
        if not server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"{maintenance}/{name}"


def query(data: Path, statement: str) -> list[tuple[Any, ...]]:
    """What a statement reads in the database of the program with this data folder."""
    url = url_for(data)
    opened = psycopg.connect(url) if url else sqlite3.connect(data / "db.sqlite3")
    with closing(opened):
        return opened.execute(statement).fetchall()


@cache
def _migrated() -> None:
    """Make the tables in the database of DATABASE_URL, which nobody uses but as a template."""
    subprocess.run(managing("migrate", "--verbosity=0"), check=True)
