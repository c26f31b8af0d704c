"""Removing finished jobs that are old, and results that belong to none."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core_api import changes
from core_api.background import engines, results
from core_api.background.models import FINISHED, Job

BATCH = 200


def remove_old() -> int:
    """Remove the jobs that finished more than COAPTURE_JOBS_KEEP seconds ago; gives their number.

    Their results go with them.
    """
    before = timezone.now() - dt.timedelta(seconds=settings.COAPTURE_JOBS_KEEP)
    removed = 0
    while count := _remove_batch(before):
        removed += count
    return removed


def _remove_batch(before: dt.datetime) -> int:
    """In parts, so that other writers get their turns."""
    with transaction.atomic():
        old = Job.objects.filter(status__in=FINISHED, finished__lt=before)
        jobs = list(old.select_for_update(skip_locked=True)[:BATCH])
        engines.discard_results([job.pk for job in jobs])
        if paths := [job.path for job in jobs if job.is_process]:
            changes.publish(*paths)
        return Job.objects.filter(pk__in=[job.pk for job in jobs]).delete()[0]


def remove_leftovers() -> int:
    """Remove results that no job has, such as those of attempts that died; gives their number."""
    leftovers = list(results.leftovers())
    for job_id, token in leftovers:
        results.remove(job_id, token)
    return len(leftovers)
