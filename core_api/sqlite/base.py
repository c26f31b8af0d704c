"""The database wrapper: Django's, in WAL, with a fair write lock around every write.

One rule covers atomic blocks, plain saves, DDL and hand-written BEGIN alike: a statement that
writes takes the lock unless this connection holds it, and whatever ends the transaction (a commit,
a rollback, the end of a statement outside transactions, closing) lets it go. Reads never take it.
"""

import ctypes
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from core_api import turns
from core_api.sqlite import checkpoints
from core_api.sqlite.checkpoints import LONGEST_LOG, Checkpointer, checkpointer
from core_api.sqlite.cursor import FairCursor
from core_api.sqlite.files import put_into_place
from core_api.sqlite.lock import WriteLock, write_lock

DEFAULT_TIMEOUT = 5.0
PAGE = 16384
NEW_FILE = (f"PRAGMA page_size = {PAGE}", "PRAGMA auto_vacuum = INCREMENTAL")


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of one thread to a database file."""

    connection: sqlite3.Connection | None
    transaction_mode: Literal["DEFERRED", "EXCLUSIVE", "IMMEDIATE"] | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock: WriteLock | None = None
        self._holds_lock = False
        self._checkpointer: Checkpointer | None = None
        self._written = 0
        self._timeout = DEFAULT_TIMEOUT
        self._template: Path | None = None

    def get_connection_params(self) -> dict[str, Any]:
        """What sqlite3.connect gets; our own options are kept here."""
        params: dict[str, Any] = super().get_connection_params()
        self._template = params.pop("template", None)
        self._timeout = params.get("timeout", DEFAULT_TIMEOUT)
        self.transaction_mode = self.transaction_mode or "IMMEDIATE"
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Open the database; its folder and file are made where they are missing."""
        if self.is_in_memory_db():
            return self._open(conn_params)
        path = self._prepare_file(conn_params["database"])
        connection = self._open(conn_params | {"database": path})
        try:
            self._configure(connection)
        except BaseException:
            connection.close()
            raise
        _wrappers.add(self)
        return connection

    def _open(self, params: dict[str, Any]) -> sqlite3.Connection:
        connection: sqlite3.Connection = super().get_new_connection(params)
        return connection

    def _prepare_file(self, name: str | Path) -> Path:
        if _forked_in_use:
            raise OperationalError("This process was forked while its parent used the database.")
        if str(name).startswith("file:"):
            raise ImproperlyConfigured("The NAME of a SQLite database must be a path, not a URI.")
        path = Path(name).absolute()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = write_lock(path)
        self._checkpointer = checkpointer(path)
        if not path.exists():
            with self.turn(writes=True):
                put_into_place(path, None if self._is_test_database() else self._template)
        return path

    def _is_test_database(self) -> bool:
        return bool(self.settings_dict["NAME"] == self.settings_dict["TEST"]["NAME"])

    def _configure(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LONGEST_LOG}")
        if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
            return
        # Changing to WAL fails at once where another connection does the same.
        with self.turn(writes=True):
            for pragma in (*NEW_FILE, "PRAGMA journal_mode = WAL"):
                connection.execute(pragma)

    def create_cursor(self, name: str | None = None) -> sqlite3.Cursor:  # noqa: ARG002
        """A cursor whose writes wait for their turn."""
        assert self.connection is not None
        return self.connection.cursor(factory=partial(FairCursor, writer=self))

    @contextmanager
    def turn(self, writes: bool) -> Iterator[None]:
        """Around a statement: take the lock for one that writes, release it after a transaction.

        OperationalError when the turn does not come within the timeout.
        """
        if writes:
            self._take_lock()
        try:
            yield
        finally:
            self._settle()

    def _take_lock(self) -> None:
        if self._lock is None or self._holds_lock:
            return
        with turns.given_up():
            got = self._lock.acquire(self._timeout)
        if not got:
            raise OperationalError(f"database is busy: no turn to write in {self._timeout:g} s")
        self._holds_lock = True

    def _settle(self) -> None:
        """Release the lock unless a transaction is open."""
        if self._holds_lock and not (self.connection and self.connection.in_transaction):
            self._release_lock()

    def _release_lock(self) -> None:
        if self._lock is not None and self._holds_lock:
            self._holds_lock = False
            self._lock.release()
        if self._checkpointer is not None and self._written:
            self._checkpointer.wrote(self._written)
            self._written = 0

    def wrote(self, params: Iterable[Any] | None) -> None:
        """A statement with these parameters has written: about a page, and the bytes in them."""
        values = params.values() if isinstance(params, dict) else params or ()
        self._written += PAGE + sum(len(value) for value in values if isinstance(value, bytes))

    def _set_autocommit(self, autocommit: bool) -> None:
        # Turning autocommit on commits; turned off, Python begins before the first write.
        with self.turn(writes=False), self.wrap_database_errors:
            assert self.connection is not None
            self.connection.isolation_level = None if autocommit else self.transaction_mode

    def _commit(self) -> None:
        with self.turn(writes=False):
            super()._commit()  # type: ignore[misc]

    def _rollback(self) -> None:
        with self.turn(writes=False):
            super()._rollback()  # type: ignore[misc]

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._release_lock()

    @property
    def in_use_at_fork(self) -> bool:
        """Whether this open connection is in a transaction, or of a thread that did not fork."""
        assert self.connection is not None
        owner: int = self._thread_ident  # type: ignore[attr-defined]
        return self.connection.in_transaction or owner != threading.get_ident()

    def abandon(self, close: bool) -> None:
        """In a forked child: forget the parent's connection as if it had been closed.

        One that is in use is not even closed, for that would undo in shared memory what the parent
        is writing, or wait for a thread that is not here.
        """
        assert self.connection is not None
        if close:
            self.connection.close()
        else:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.connection))
        self._lock, self._holds_lock, self._checkpointer = None, False, None
        if self.in_atomic_block:
            self.closed_in_transaction = True
            self.needs_rollback = True
        else:
            self.connection = None


_wrappers: weakref.WeakSet[DatabaseWrapper] = weakref.WeakSet()
_forked_in_use = False


def _after_fork_in_child() -> None:
    # SQLite's locks do not survive a fork, its idea of them does (https://sqlite.org/howtocorrupt.html).
    global _forked_in_use
    opened = [wrapper for wrapper in list(_wrappers) if wrapper.connection is not None]
    copying = checkpoints.forget()
    _forked_in_use |= copying or any(wrapper.in_use_at_fork for wrapper in opened)
    for wrapper in opened:
        wrapper.abandon(close=not _forked_in_use)


os.register_at_fork(after_in_child=_after_fork_in_child)
