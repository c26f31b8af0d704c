"""The backend's cursor: a statement that writes waits for its turn."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, Protocol, Self

from django.db.backends.sqlite3.base import SQLiteCursorWrapper

from core_api.sqlite.statements import may_write


class Writer(Protocol):
    """Who takes the write lock around a statement and lets it go after its transaction."""

    def turn(self, writes: bool) -> AbstractContextManager[None]:
        """Around a statement; `writes` says whether it needs the lock."""

    def wrote(self, params: Iterable[Any] | None) -> None:
        """A statement with these parameters has written."""


class FairCursor(SQLiteCursorWrapper):
    """Django's SQLite cursor, whose writes go one at a time and in the order of arrival.

    The rows of a statement that writes outside a transaction (INSERT ... RETURNING) are fetched at
    once, for SQLite commits it only when they are exhausted, and other writers wait until then.
    """

    def __init__(self, connection: sqlite3.Connection, writer: Writer) -> None:
        super().__init__(connection)
        self._writer = writer
        self._rows: Iterator[Any] | None = None

    def execute(self, query: str, params: Iterable[Any] | None = None) -> Self:  # type: ignore[override]
        """Run one statement."""
        self._rows = None
        writes = may_write(query)
        with self._writer.turn(writes):
            super().execute(query, params)
            if writes:
                self._writer.wrote(params)
            if writes and not self.connection.in_transaction:
                self._rows = iter(super().fetchall())
        return self

    def executemany(self, query: str, param_list: Iterable[Iterable[Any]]) -> Self:  # type: ignore[override]
        """Run one statement for each of the parameters."""
        self._rows = None
        with self._writer.turn(True):
            super().executemany(query, param_list)
        return self

    def executescript(self, sql_script: str) -> Self:
        """Run several statements."""
        self._rows = None
        with self._writer.turn(True):
            super().executescript(sql_script)
        return self

    def __next__(self) -> Any:
        return super().__next__() if self._rows is None else next(self._rows)

    def fetchone(self) -> Any:
        """The next row; None behind the last one."""
        return super().fetchone() if self._rows is None else next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next `size` rows."""
        size = self.arraysize if size is None else size
        return super().fetchmany(size) if self._rows is None else list(islice(self._rows, size))

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return super().fetchall() if self._rows is None else list(self._rows)
