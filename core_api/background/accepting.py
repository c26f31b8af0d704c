"""Storing accepted jobs: those that several threads accept at once share one commit."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction

from core_api import changes
from core_api.background import engines
from core_api.background.models import Job
from core_api.ingest import GroupCommit
from core_api.rows import insert


class Draft:
    """A job on its way in, with its row as the database takes it."""

    __slots__ = ("job", "row")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.row: list[Any] = [
            field.get_db_prep_save(getattr(job, field.attname), connection)
            for field in Job._meta.concrete_fields
        ]


def accept(job: Job) -> None:
    """Store a new job: durable when this comes back or, where a transaction is open, with that.

    Observers and, once it is committed, the engine hear of it. IntegrityError where its
    idempotency key is taken.
    """
    _writer.submit(Draft(job))


def write(batch: Sequence[Draft]) -> list[None]:
    """Store the jobs in the transaction that is open."""
    columns = [str(field.column) for field in Job._meta.concrete_fields]
    insert(Job, columns, [draft.row for draft in batch])
    jobs = [draft.job for draft in batch]
    for job in jobs:
        job._state.adding = False
    if paths := [job.path for job in jobs if job.is_process]:
        changes.publish(*paths)
    transaction.on_commit(partial(engines.notify, *jobs), robust=True)
    return [None] * len(batch)


# Counted, not weighed: every thread waits for its own, so that the threads bound the queue.
_writer: GroupCommit[Draft, None] = GroupCommit(write, size=lambda _: 1)
