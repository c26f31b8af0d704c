"""The change feed on SQLite: writers are serial, so its sequence is the order of the commits."""

import threading
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper


class Feed:
    """The rows behind a position, on a connection of its own.

    A commit of another process is seen by `PRAGMA data_version`, every COAPTURE_CHANGES_POLL
    seconds; one of this process by `wake`.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._woken = threading.Event()
        self._seen: int | None = None
        self._position = self._newest()

    def wake(self) -> None:
        """Something was committed in this process: look at once."""
        self._woken.set()

    def sleep(self, seconds: float) -> None:
        """Until there may be news, or so long."""
        self._woken.wait(min(settings.COAPTURE_CHANGES_POLL, seconds))

    def start_again(self) -> None:
        """On a new connection; in another database the sequence may be behind our position."""
        self._connection.close()
        self._seen = None
        self._position = min(self._position, self._newest())

    def read(self, limit: int) -> list[str]:
        """The next paths, at most `limit`; without reading a table where nothing was committed."""
        woken = self._woken.is_set()
        self._woken.clear()
        # Counts the commits of other connections (https://sqlite.org/pragma.html#pragma_data_version).
        seen, self._seen = self._seen, self._number("PRAGMA data_version")
        return self._read(limit) if woken or seen != self._seen else []

    def _read(self, limit: int) -> list[str]:
        rows = self._rows(
            "SELECT sequence, path FROM core_api_change WHERE sequence > %s"
            " ORDER BY sequence LIMIT %s",
            [self._position, limit],
        )
        if rows:
            self._position = rows[-1][0]
        if len(rows) == limit:
            self.wake()
        return [path for _, path in rows]

    def _newest(self) -> int:
        return self._number("SELECT max(sequence) FROM core_api_change")

    def _number(self, query: str) -> int:
        return self._rows(query)[0][0] or 0

    def _rows(self, query: str, values: list[Any] | None = None) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            rows: list[Any] = cursor.fetchall()
            return rows
