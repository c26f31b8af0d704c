"""Periodic jobs: whichever worker finds one due enqueues it."""

import datetime as dt

from django.utils import timezone

from core_api.background import periodic, services
from core_api.background.models import ACTIVE, Job, Schedule


def prepare() -> None:
    """Rows for all that is periodic, as often as it is now; new ones are due at once."""
    now = timezone.now()
    for one in periodic.scheduled():
        every = one.every.total_seconds()
        row, _ = Schedule.objects.get_or_create(
            name=one.function, defaults={"every": every, "next_run": now}
        )
        if row.every != every:
            soonest = min(row.next_run, now + one.every)
            Schedule.objects.filter(pk=row.pk).update(every=every, next_run=soonest)


def enqueue_due() -> int:
    """Enqueue what is due, unless its last job still waits or runs; gives their number.

    In the caller's transaction.
    """
    now = timezone.now()
    known = [one.function for one in periodic.scheduled()]
    due = Schedule.objects.filter(next_run__lte=now, name__in=known)
    return sum(_enqueued(row, now) for row in due)


def _enqueued(row: Schedule, now: dt.datetime) -> bool:
    following = now + dt.timedelta(seconds=row.every)
    same = Schedule.objects.filter(pk=row.pk, next_run=row.next_run)
    # Another worker may have been quicker.
    if not same.update(next_run=following, last_run=now):
        return False
    if Job.objects.filter(task=row.name, status__in=ACTIVE).exists():
        return False
    services.enqueue(row.name)
    return True
