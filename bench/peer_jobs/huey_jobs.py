"""huey on SQLite, synced at each commit; a job is taken out of the queue before it runs."""

import os
from pathlib import Path

from huey import SqliteHuey

from bench.peer_jobs import stamps

database = Path(os.environ["PEER_DATA"]) / "huey.db"
huey = SqliteHuey("bench", filename=str(database), fsync=True)


@huey.task()
def stamp(number: int) -> None:
    """The job."""
    stamps.write(number)


def enqueue(number: int) -> None:
    """Comes back when the job is in the queue's table."""
    stamp(number)


def settled() -> bool:
    """No job has a state: when it has run, it is over."""
    return True
