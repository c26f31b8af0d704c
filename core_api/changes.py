"""The change feed: an outbox of the paths that changed, written with what changed them.

Publishers write rows in their own transactions; followers, in any process, read what was committed
(core_api/sqlite/feed.py, core_api/postgresql/feed.py).
"""

import datetime as dt
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, Self, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from core_api.databases import first_line
from core_api.postgresql import feed as postgresql
from core_api.rows import insert
from core_api.sqlite import feed as sqlite

T = TypeVar("T")

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

    Followers are woken by the commit; on SQLite other processes find it at their next look.
    """
    created = connection.ops.adapt_datetimefield_value(timezone.now())
    insert(Change, ("path", "created"), [(path, created) for path in paths])
    if connection.vendor == "postgresql":
        postgresql.notify_after_commit()
    else:
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


class Feed(Protocol):
    """The committed rows behind a position, as a database has them."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None: ...

    def read(self, limit: int) -> list[str]:
        """The next paths, at most `limit`."""

    def sleep(self, seconds: float) -> None:
        """Until there may be news, or so long."""

    def wake(self) -> None:
        """Something was committed in this process."""

    def start_again(self) -> None:
        """On a new connection, after an error."""


_FEEDS: dict[str, type[Feed]] = {"sqlite": sqlite.Feed, "postgresql": postgresql.Feed}


class Follower:
    """A reader of the feed, from now on: every path once for each change.

    They come in the order of the commits; on PostgreSQL, where commits may overtake each other,
    those of one transaction stay together. "Now" is when it is made: who makes it, then reads the
    state, then waits, misses nothing. It has its own connection, which `close` (or leaving it as a
    context manager) closes. One thread at a time may wait.
    """

    def __init__(self) -> None:
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
        self._connection.inc_thread_sharing()
        self._feed = _FEEDS[self._connection.vendor](self._connection)
        self._failing = False
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
        self._feed.wake()

    def wait(self, timeout: float) -> list[str]:
        """The paths that changed since the last call, as soon as there are any.

        Empty after `timeout` seconds without a change. Errors of the database are logged and
        outwaited.
        """
        deadline = time.monotonic() + timeout
        while True:
            paths = self._outwaiting(self._read) or []
            left = deadline - time.monotonic()
            if paths or left <= 0:
                return paths
            if self._failing:
                time.sleep(min(RETRY_SECONDS, left))
            else:
                self._outwaiting(partial(self._feed.sleep, left))

    def _read(self) -> list[str]:
        if self._failing:
            self._feed.start_again()
        paths = self._feed.read(READ_BATCH)
        self._failing = False
        return paths

    def _outwaiting(self, step: Callable[[], T]) -> T | None:
        """What the step gives; None where the database failed, which is logged once."""
        try:
            return step()
        except Error as error:
            if not self._failing:
                logger.warning("The change feed cannot be read: %s", first_line(error))
            self._failing = True
            return None


_followers: weakref.WeakSet[Follower] = weakref.WeakSet()
_followers_guard = threading.Lock()


def _wake_followers() -> None:
    with _followers_guard:
        for follower in _followers:
            follower.wake()
