"""The jobs that somebody else names, and waits for: Celery's tasks."""

import threading
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from concurrent.futures import Future

from django.db.models import Q
from django.utils import timezone

from core_api.background.models import Job, Status


class Wanted:
    """Futures by job: True when an attempt of this worker has ended, False when it makes none."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._futures: defaultdict[uuid.UUID, list[Future[bool]]] = defaultdict(list)

    def add(self, job_id: uuid.UUID) -> "Future[bool]":
        """Somebody wants the job."""
        future: Future[bool] = Future()
        with self._guard:
            self._futures[job_id].append(future)
        return future

    @property
    def ids(self) -> set[uuid.UUID]:
        """The jobs."""
        with self._guard:
            return set(self._futures)

    def answer(self, job_ids: Iterable[uuid.UUID], made: bool) -> None:
        """Tell those who wait for these jobs."""
        with self._guard:
            futures = [one for job_id in job_ids for one in self._futures.pop(job_id, ())]
        for future in futures:
            future.set_result(made)

    def refuse_others(self, ours: Collection[uuid.UUID]) -> None:
        """Say no for those that we do not have and that cannot be claimed now."""
        asked = self.ids.difference(ours)
        if not asked:
            return
        due = Q(status=Status.ACCEPTED, run_at__lte=timezone.now())
        waiting = Job.objects.filter(due, pk__in=asked).values_list("pk", flat=True)
        self.answer(asked.difference(waiting), made=False)
