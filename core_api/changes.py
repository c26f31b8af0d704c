"""The change feed: an outbox of the paths that changed, written with what changed them.

Publishers write rows in their own transactions; followers, in any process, read them in the order
of the sequence. On SQLite writers are serial, so that is the order of the commits. On other
databases a commit may become visible behind a later sequence and be missed; reading below the
oldest open transaction, and LISTEN/NOTIFY in place of polling, come with PostgreSQL's own issue.
"""

import datetime as dt
import logging
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Self

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, models, transaction
from django.utils import timezone

from core_api.rows import insert

READ_BATCH = 1000
PRUNE_BATCH = 5000
RETRY_SECONDS = 0.5
LATEST = "latest"

logger = logging.getLogger("coapture.changes")


class Change(models.Model):
    """One resource that changed, in the order of the commits (sequences are never used twice)."""

    sequence = models.BigAutoField(primary_key=True)
    path = models.TextField(help_text="the resource's path, percent-encoded")
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.sequence} {self.path}"


def publish(*paths: str) -> None:
    """Say that the resources at these paths changed, in the transaction that is open.

    Followers in this process are woken by the commit, others find the rows at their next poll.
    """
    created = connection.ops.adapt_datetimefield_value(timezone.now())
    insert(Change, ("path", "created"), [(path, created) for path in paths])
    transaction.on_commit(_wake_followers)


def prune() -> int:
    """Remove the rows older than COAPTURE_CHANGES_KEEP seconds; gives their number."""
    before = timezone.now() - dt.timedelta(seconds=settings.COAPTURE_CHANGES_KEEP)
    removed = 0
    # In parts, so that other writers get their turns, and from the oldest on, by the sequence: an
    # index on the time would cost every commit a page.
    while old := _older(before):
        removed += Change.objects.filter(sequence__lte=old[-1]).delete()[0]
    return removed


def _older(before: dt.datetime) -> list[int]:
    oldest = Change.objects.order_by("sequence").values_list("sequence", "created")[:PRUNE_BATCH]
    return [sequence for sequence, created in oldest if created < before]


def affected(path: str) -> Iterator[str]:
    """The resources that a change at `path` concerns: itself, `latest` beside it, and all above.

    "/a/b/c" gives "/a/b/c", "/a/b/latest", "/a/b" and "/a".
    """
    yield path
    above, _, name = path.rpartition("/")
    if above and name != LATEST:
        yield f"{above}/{LATEST}"
    while above:
        yield above
        above = above.rpartition("/")[0]


class Follower:
    """A reader of the feed, from now on: every path once for each change, in order.

    "Now" is when it is made: who makes it, then reads the state, then waits, misses nothing. It has
    its own connection, which `close` (or leaving it as a context manager) closes. One thread at a
    time may wait.
    """

    def __init__(self) -> None:
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
        self._connection.inc_thread_sharing()
        self._woken = threading.Event()
        self._seen: int | None = None
        self._failing = False
        self._position = self._newest()
        with _followers_guard:
            _followers.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        with _followers_guard:
            _followers.discard(self)
        self._connection.close()

    def wake(self) -> None:
        """Something was committed in this process: look at once."""
        self._woken.set()

    def wait(self, timeout: float) -> list[str]:
        """The paths that changed since the last call, as soon as there are any.

        Empty after `timeout` seconds without a change. Errors of the database are logged and
        outwaited.
        """
        deadline = time.monotonic() + timeout
        while True:
            paths = self._try_to_read()
            left = deadline - time.monotonic()
            if paths or left <= 0:
                return paths
            pause = RETRY_SECONDS if self._failing else settings.COAPTURE_CHANGES_POLL
            self._woken.wait(min(pause, left))

    def _try_to_read(self) -> list[str]:
        try:
            if self._failing:
                self._start_again()
            return self._read() if self._has_news() else []
        except Error as error:
            if not self._failing:
                logger.warning("The change feed cannot be read: %s", error)
            self._failing = True
            return []

    def _start_again(self) -> None:
        """Open a new connection; in another database the sequence may be behind our position."""
        self._connection.close()
        self._seen = None
        self._position = min(self._position, self._newest())
        self._failing = False

    def _has_news(self) -> bool:
        """Whether a read may find something, without reading a table where SQLite can tell."""
        woken = self._woken.is_set()
        self._woken.clear()
        if self._connection.vendor != "sqlite":
            return True
        # Counts the commits of other connections (https://sqlite.org/pragma.html#pragma_data_version).
        seen, self._seen = self._seen, self._number("PRAGMA data_version")
        return woken or seen != self._seen

    def _read(self) -> list[str]:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT sequence, path FROM core_api_change WHERE sequence > %s"
                " ORDER BY sequence LIMIT %s",
                [self._position, READ_BATCH],
            )
            rows = cursor.fetchall()
        if rows:
            self._position = rows[-1][0]
        if len(rows) == READ_BATCH:
            self.wake()
        return [path for _, path in rows]

    def _newest(self) -> int:
        return self._number("SELECT max(sequence) FROM core_api_change")

    def _number(self, query: str) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0] or 0


_followers: weakref.WeakSet[Follower] = weakref.WeakSet()
_followers_guard = threading.Lock()


def _wake_followers() -> None:
    with _followers_guard:
        for follower in _followers:
            follower.wake()
