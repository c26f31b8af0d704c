"""A database file of the fair backend under the alias "fair", beside the tests' own database."""

import fcntl
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction

from tests.core_api.sqlite.workers import ALIAS, database_settings, make_table

Run = Callable[[Callable[[], Any]], "Future[Any]"]
Spawn = Callable[..., tuple[BaseProcess, Connection]]

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.only_sqlite)


class Database:
    """One file, as this process's threads see it by `connections["fair"]`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def use(self, **options: Any) -> Any:
        """Connect with these OPTIONS from now on; gives this thread's connection."""
        self.close()
        connections.settings[ALIAS] = database_settings(self.path, **options)
        return connections[ALIAS]

    def close(self) -> None:
        if hasattr(connections._connections, ALIAS):
            connections[ALIAS].close()
            del connections[ALIAS]

    @property
    def free(self) -> bool:
        """Whether nobody holds the write lock, in any process."""
        with Path(f"{self.path}.lock").open("rb+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    @contextmanager
    def held_elsewhere(self) -> Iterator[None]:
        """Another thread is inside atomic() while the block runs."""
        entered, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic(ALIAS):
                entered.set()
                assert leave.wait(30)
            connections[ALIAS].close()

        thread = threading.Thread(target=hold)
        thread.start()
        try:
            assert entered.wait(30)
            yield
        finally:
            leave.set()
            thread.join()


@pytest.fixture
def fair(tmp_path: Path, django_db_blocker: Any) -> Iterator[Database]:
    database = Database(tmp_path / "data" / "db.sqlite3")
    with django_db_blocker.unblock():
        yield database
        database.close()
    connections.settings.pop(ALIAS, None)


@pytest.fixture
def table(fair: Database) -> Database:
    """The database with the table `core_api_change` in it, and a short timeout."""
    make_table(fair.use(timeout=5))
    return fair


@pytest.fixture
def run() -> Iterator[Run]:
    """Start something in a thread of its own that closes its connection; gives its future."""

    def closing(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections[ALIAS].close()

    with ThreadPoolExecutor(32) as pool:
        yield lambda work: pool.submit(closing, work)


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Run a function of workers.py in a new process; gives the process and a pipe to it."""
    context = multiprocessing.get_context("spawn")
    processes = []

    def start(target: Callable[..., None], path: Path, *args: Any) -> Any:
        here, there = context.Pipe()
        process = context.Process(target=target, args=(path, there, *args))
        process.start()
        there.close()
        processes.append(process)
        return process, here

    yield start
    for process in processes:
        process.join(30)
        process.kill()
