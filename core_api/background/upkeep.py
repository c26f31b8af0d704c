"""What a worker does about jobs that are not its own: freeing those of the dead, the schedule."""

import time
from contextlib import ExitStack

from django.conf import settings
from django.db import transaction

from core_api.background import endings, leases, schedule, workers

# Renewals of a lease before it is over.
RENEWALS = 3


class Upkeep:
    """Belongs to one worker and one thread."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._renew_at = 0.0
        self._look_at = 0.0
        self._prepared = False

    @property
    def due(self) -> float:
        """When (of time.monotonic) to call `attend` next."""
        return min(self._renew_at, self._look_at)

    def attend(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        if now >= self._renew_at:
            self._renew_at = now + settings.COAPTURE_JOBS_LEASE / RENEWALS
            leases.renew(self._worker)
        if now >= self._look_at:
            self._look_at = now + settings.COAPTURE_JOBS_POLL
            free_lost()
            if settings.COAPTURE_JOBS_SCHEDULE:
                self._enqueue_due()

    def _enqueue_due(self) -> None:
        # Not when the worker starts: the tables may come later.
        if not self._prepared:
            schedule.prepare()
            self._prepared = True
        with transaction.atomic():
            schedule.enqueue_due()


def free_lost() -> None:
    """Take the jobs of the workers that died, and those whose lease is over."""
    with ExitStack() as held:
        dead = list(workers.dead())
        for one in dead:
            held.callback(one.leave)
        with transaction.atomic():
            jobs = leases.free([one.id for one in dead])
            endings.publish(job.pk for job in jobs if job.is_process)
            endings.notify_waiting(job.pk for job in jobs)
        # A full batch may have left some of theirs.
        if len(jobs) < leases.BATCH:
            for one in dead:
                one.bury()
