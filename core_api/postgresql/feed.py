"""The change feed on PostgreSQL, where the order of the sequence is not that of the commits.

Each row has the id of its transaction. A read takes the rows that its snapshot sees and the one
before did not: none is missed, however late its transaction commits, and a transaction that stays
open, ours or another's, holds up nobody else's rows (reading below pg_snapshot_xmin would).
"""

import time
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

CHANNEL = "core_api_change"
# Seconds between two looks where no notification comes: who has committed may have died before it.
FALLBACK = 1.0

_NOTIFY = f"SELECT set_config('synchronous_commit', 'off', true), pg_notify('{CHANNEL}', '')"

_SNAPSHOT = "SELECT pg_current_snapshot()::text"
_IS_BEHIND = (
    "SELECT pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(%(seen)s::pg_snapshot)"
)
_CHANGES = "SELECT transaction::text AS number, sequence, path FROM core_api_change"
_ROWS = f"""{_CHANGES}
WHERE (transaction, sequence) > (%(transaction)s::xid8, %(sequence)s)
  AND transaction >= pg_snapshot_xmin(%(seen)s::pg_snapshot)
  AND NOT pg_visible_in_snapshot(transaction, %(seen)s::pg_snapshot)
  AND pg_visible_in_snapshot(transaction, %(current)s::pg_snapshot)
ORDER BY transaction, sequence LIMIT %(limit)s
"""
_FIRST = ("0", 0)


def notify_after_commit() -> None:
    """Once for the transaction that is open, notify the feeds when it is committed.

    PostgreSQL commits one after another, each with its wait for the disk, the transactions that
    notify; a transaction of its own, which waits for no disk, leaves the others their concurrency.
    """
    if not any(pending[1] is _notify for pending in connection.run_on_commit):
        transaction.on_commit(_notify, robust=True)


def _notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_NOTIFY)


class Feed:
    """The rows that were committed since the last read, on a connection of its own.

    Commits, of this process or another, are notified.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._listen()
        # Without the table there is nothing to follow.
        self._rows(f"{_CHANGES} LIMIT 0")
        self._seen: str = self._value(_SNAPSHOT)
        # Where a read with many rows stopped: its snapshot, the last row's transaction and number.
        self._current: str | None = None
        self._last = _FIRST
        self._notified = False
        self._due = time.monotonic() + FALLBACK

    def wake(self) -> None:
        """Nothing: a commit of this process is notified as any other."""

    def sleep(self, seconds: float) -> None:
        """Until a notification comes, or so long."""
        until_due = 0.0 if self._notified else self._due - time.monotonic()
        left = max(0.0, min(seconds, until_due))
        driver: Any = self._connection.connection
        with self._connection.wrap_database_errors:
            if list(driver.notifies(timeout=left, stop_after=1)):
                self._notified = True

    def start_again(self) -> None:
        """On a new connection, from where we were; from now on where it is another server."""
        self._connection.close()
        self._listen()
        if self._value(_IS_BEHIND, seen=self._seen):
            self._seen, self._current, self._last = self._value(_SNAPSHOT), None, _FIRST
        self._notified = True

    def read(self, limit: int) -> list[str]:
        """The next paths, at most `limit`; without asking for them where nothing was notified."""
        self.sleep(0)
        if not self._notified and time.monotonic() < self._due:
            return []
        self._notified = False
        self._due = time.monotonic() + FALLBACK
        return self._read(limit)

    def _read(self, limit: int) -> list[str]:
        current = self._current or self._value(_SNAPSHOT)
        transaction, sequence = self._last
        rows = self._rows(
            _ROWS,
            transaction=transaction,
            sequence=sequence,
            seen=self._seen,
            current=current,
            limit=limit,
        )
        if len(rows) == limit:
            self._current, self._last = current, rows[-1][:2]
            self._notified = True
        else:
            # What was notified since that snapshot is behind it.
            self._notified = self._current is not None
            self._seen, self._current, self._last = current, None, _FIRST
        return [path for _, _, path in rows]

    def _listen(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")

    def _value(self, query: str, **values: Any) -> Any:
        return self._rows(query, **values)[0][0]

    def _rows(self, query: str, **values: Any) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            rows: list[Any] = cursor.fetchall()
            return rows
