"""Telling the broker of jobs, without letting anybody wait for it.

A thread publishes the ids. Where it cannot, because the broker is down or the process ends, the row
says that the broker was not told, and a worker's sweep (celery_sweep.py) does it later.
"""

import datetime as dt
import heapq
import itertools
import logging
import os
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from core_api.background import engines
from core_api.background.models import Job, Status

# Jobs that wait to be published; more are left to the sweep.
LONGEST = 10_000
BATCH = 100
# Seconds without the broker after a failure.
PAUSE = 5.0
# Seconds without a job after which the connection is closed.
IDLE = 10.0

logger = logging.getLogger("coapture.jobs")
Due = tuple[float, int, uuid.UUID, int]


def notify(job: Job) -> None:
    """Tell the broker of a job that waits, when it is due."""
    seconds = (job.run_at - timezone.now()).total_seconds()
    _publisher.offer(job.pk, job.priority, max(0.0, seconds))


def working() -> AbstractContextManager[engines.Working]:
    """The worker's part: Celery's consumer, with COAPTURE_JOBS_SLOTS threads, and the Runner."""
    from core_api.background.celery_consumer import working

    return working()


def flush(within: float) -> bool:
    """Wait until what is due is published; False where that is not so after so many seconds."""
    return _publisher.flush(within)


class Publisher:
    """A thread that publishes, started by the first job."""

    def __init__(self) -> None:
        self._due: list[Due] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._busy = False
        self._thread: threading.Thread | None = None

    def offer(self, job_id: uuid.UUID, priority: int, seconds: float) -> bool:
        """Publish the job after so many seconds; False where too many wait already."""
        with self._changed:
            if len(self._due) >= LONGEST:
                return False
            entry = (time.monotonic() + seconds, next(self._count), job_id, priority)
            heapq.heappush(self._due, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return True

    def flush(self, within: float) -> bool:
        """As the function of this name."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, within)

    def _is_idle(self) -> bool:
        return not self._busy and self._until_next() != 0

    def _run(self) -> None:
        # Celery takes a while to be imported: not in the request that comes first.
        from core_api.background.celery_broker import Line

        line = Line()
        while True:
            batch = self._take(IDLE)
            if not batch:
                line.close()
                batch = self._take(None)
            try:
                told = line.tell(batch)
                mark(told, timezone.now())
            except Exception:
                logger.exception("New jobs are left to the sweep")
                line.close()
                told = []
            if len(told) < len(batch):
                time.sleep(PAUSE)

    def _take(self, patience: float | None) -> list[tuple[uuid.UUID, int]]:
        """Wait for jobs that are due; none where there were none for so many seconds."""
        deadline = None if patience is None else time.monotonic() + patience
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            while (seconds := self._until_next()) != 0:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return []
                self._changed.wait(min((s for s in (seconds, left) if s is not None), default=None))
            batch: list[tuple[uuid.UUID, int]] = []
            while len(batch) < BATCH and self._until_next() == 0:
                _, _, job_id, priority = heapq.heappop(self._due)
                batch.append((job_id, priority))
            self._busy = True
            return batch

    def _until_next(self) -> float | None:
        """Seconds until the next one is due, 0 where it is; None where there is none."""
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None


def mark(job_ids: Sequence[uuid.UUID], when: dt.datetime | None) -> None:
    """Write down that the broker was told of the jobs (or, None, that it was not)."""
    if not job_ids:
        return
    close_old_connections()
    try:
        Job.objects.filter(pk__in=job_ids, status=Status.ACCEPTED).update(published=when)
    except DatabaseError as error:
        # The sweep then tells the broker once more, which does no harm.
        logger.warning("It cannot be written down that the broker was told: %s", error)
    finally:
        connection.close()


def _renew() -> None:
    global _publisher
    _publisher = Publisher()


_publisher = Publisher()
# A child of a fork has no thread, and perhaps a lock that nobody opens.
os.register_at_fork(after_in_child=_renew)
