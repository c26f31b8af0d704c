"""Telling the broker of jobs that it does not know of: not told yet, told in vain, or forgotten."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from core_api.background.celery_broker import Line, Unreachable, logger
from core_api.background.celery_engine import mark
from core_api.background.models import Job, Status

BATCH = 1000
# Seconds in which whoever accepted a job tells the broker without our help.
HEAD_START = 2.0


def sweep() -> int:
    """Publish what waits and is due; gives how many jobs the broker was told of.

    Jobs may wait long for a worker. Those that the broker has been told of are published again only
    when its queue is empty: then their messages are lost, and the queue cannot grow of it.
    """
    now = timezone.now()
    if not (_untold(now) | _told_long_ago(now)).exists():
        return 0
    with Line() as line:
        try:
            forgotten = line.waiting() == 0
        except Unreachable as error:
            logger.warning("The broker cannot be asked: %s", error)
            return 0
        jobs = _take(_untold(now) | _told_long_ago(now) if forgotten else _untold(now))
        told = line.tell(jobs)
    # Nobody else has told the broker of these meanwhile.
    mark([job_id for job_id, _ in jobs[len(told) :]], None)
    return len(told)


def _take(jobs: QuerySet[Job]) -> list[tuple[uuid.UUID, int]]:
    """The jobs and their priorities, marked as published: another worker's sweep leaves them."""
    with transaction.atomic():
        ordered = jobs.order_by(F("priority").desc(), "run_at").values_list("pk", "priority")
        taken = list(ordered.select_for_update(skip_locked=True)[:BATCH])
        Job.objects.filter(pk__in=[job_id for job_id, _ in taken]).update(published=timezone.now())
    return taken


def _due(now: dt.datetime) -> QuerySet[Job]:
    return Job.objects.filter(status=Status.ACCEPTED, run_at__lte=now)


def _untold(now: dt.datetime) -> QuerySet[Job]:
    """Those of which the broker was not told, or not since they came back from a worker."""
    never = Q(published=None) | Q(published__lt=F("updated")) | Q(published__lt=F("run_at"))
    begun = now - dt.timedelta(seconds=HEAD_START)
    return _due(now).filter(never, updated__lte=begun, run_at__lte=begun)


def _told_long_ago(now: dt.datetime) -> QuerySet[Job]:
    before = now - dt.timedelta(seconds=settings.COAPTURE_JOBS_SWEEP)
    return _due(now).filter(published__lte=before)
