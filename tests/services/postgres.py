"""A PostgreSQL of the tests' own, from what is installed: its cluster, port and files."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core_api.serving.processes import end_with_parent
from tests.e2e.ports import free_port
from tests.e2e.programs import require
from tests.e2e.server import wait_until
from tests.services.processes import end

# Debian keeps the server's programs off PATH.
FOLDERS = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
USER = "coapture"
READY_WITHIN = 60.0
STOP_WITHIN = 20.0

CONFIGURATION = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
shared_buffers = 32MB
max_connections = {connections}
fsync = {fsync}
"""


class PostgreSQL:
    """One cluster; what is committed outlives `stop` and `kill`, until `close`.

    Nobody is asked for a password. Without `fsync` a commit does not wait for the disk, and only a
    crash of the machine tells the difference.
    """

    def __init__(self, *, fsync: bool = False, connections: int = 300) -> None:
        self._program = require("postgres", *FOLDERS)
        self.folder = Path(tempfile.mkdtemp(prefix="coapture-postgresql-"))
        self.port = free_port()
        self._as_owner = _owner(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(
                CONFIGURATION.format(
                    port=self.port,
                    folder=self.folder,
                    connections=connections,
                    fsync="on" if fsync else "off",
                )
            )

    def _initialise(self) -> None:
        options = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C")
        subprocess.run(
            [
                require("initdb", *FOLDERS),
                *options,
                f"--username={USER}",
                str(self.folder / "data"),
            ],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self._as_owner,
        )

    def url(self, name: str = "postgres") -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str) -> str:
        """Make an empty database; gives its URL."""
        self.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def execute(self, statement: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement, outside of transactions; gives its rows, where it has any."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._program, "-D", str(self.folder / "data")],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, os.getpid(), signal.SIGQUIT),
                **self._as_owner,
            )
        wait_until(self._is_ready, "PostgreSQL answers", READY_WITHIN)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.output
        with suppress(psycopg.OperationalError):
            return self.execute("SELECT true") == [(True,)]
        return False

    @property
    def output(self) -> str:
        """What the server has logged so far."""
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End it in order; whoever is connected is cut off."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once; the next start recovers from the log."""
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            end(self._process, number, STOP_WITHIN)
        finally:
            self._process = None

    def close(self) -> None:
        """End everything and remove its files."""
        self.kill()
        shutil.rmtree(self.folder)


def _owner(folder: Path) -> dict[str, Any]:
    """How the server's programs are started; root is not allowed to, and hands the folder over."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "postgres", "postgres")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """A server that runs, for all tests; one that stops it starts it again."""
    yield from _running(PostgreSQL)


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[PostgreSQL]:
    """One as an operator has it: commits wait for the disk, 100 connections."""
    yield from _running(partial(PostgreSQL, fsync=True, connections=100))


def _running(make: Callable[[], PostgreSQL]) -> Iterator[PostgreSQL]:
    server = make()
    try:
        server.start()
        yield server
    finally:
        server.close()
