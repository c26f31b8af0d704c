"""Where several writers meet on PostgreSQL; on SQLite its one write lock has settled it before."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connection

T = TypeVar("T")

# deadlock_detected, serialization_failure (https://www.postgresql.org/docs/current/errcodes-appendix.html)
_LOST = ("40P01", "40001")


def is_lost(error: BaseException) -> bool:
    """Whether PostgreSQL gave the transaction up for another one; it may work the next time."""
    return getattr(error.__cause__, "sqlstate", None) in _LOST


def again_where_lost(step: Callable[[], T]) -> T:
    """What the step, a transaction, gives; once more where another writer was faster.

    That one has stored the same key, or waited for us while we waited for it.
    """
    try:
        return step()
    except IntegrityError:
        return step()
    except OperationalError as error:
        if not is_lost(error):
            raise
        return step()


def queue_up(names: Iterable[str]) -> None:
    """Wait until no other open transaction has queued up for any of the names, then go on alone."""
    if connection.vendor == "postgresql" and (ordered := sorted(set(names))):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(name, 0))"
                " FROM unnest(%s::text[]) AS name",
                [ordered],
            )


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Run the block while no other server of this database is in a block of that name."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    try:
        yield
    finally:
        # Ends the lock, whatever became of the connection's transaction.
        connection.close()
