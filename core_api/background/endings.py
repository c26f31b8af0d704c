"""Writing how attempts ended, and hearing which of the jobs wait again."""

import uuid
from collections.abc import Iterable
from functools import partial

from django.db import transaction

from core_api import changes
from core_api.background import engines, leases, periodic
from core_api.background.models import Job, Status
from core_api.background.work import End, Ended


def write(ended: Iterable[Ended]) -> list[Ended]:
    """Write the ends, in the caller's transaction; gives those that were ours to write.

    The change feed and, once that is committed, the engine hear of it.
    """
    alone = [one for one in ended if one.end is not End.LOST]
    written = [one for one in alone if _written(one)]
    losses = {one.claim.id: one for one in ended if one.end is End.LOST}
    written += [losses[job.pk] for job in leases.lose(one.claim for one in losses.values())]
    publish(one.claim.id for one in written if one.claim.is_process)
    notify_waiting(one.claim.id for one in written if _waits(one))
    return written


def _written(one: Ended) -> bool:
    match one.end:
        case End.SUCCESSFUL if periodic.is_periodic(one.claim.task):
            return leases.remove(one.claim)
        case End.SUCCESSFUL:
            return leases.succeed(one.claim, one.outputs or {})
        case End.FAILED:
            return leases.fail(one.claim, one.problem or {}, one.pause)
        case End.RETURNED:
            return leases.give_back(one.claim)
    return False


def _waits(one: Ended) -> bool:
    return one.end in (End.LOST, End.RETURNED) or one.pause is not None


def publish(job_ids: Iterable[uuid.UUID]) -> None:
    """Tell observers that these jobs have changed."""
    if paths := [f"/jobs/{job_id}" for job_id in dict.fromkeys(job_ids)]:
        changes.publish(*paths)


def notify_waiting(job_ids: Iterable[uuid.UUID]) -> None:
    """Tell the engine of those of the jobs that wait again, once that is committed."""
    if ids := list(job_ids):
        for job in Job.objects.filter(pk__in=ids, status=Status.ACCEPTED):
            transaction.on_commit(partial(engines.notify, job), robust=True)
