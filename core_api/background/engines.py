"""The engine that COAPTURE_JOBS_ENGINE names: embedded (core_api.background.runner) or Celery.

Both are told of a job by `notify`, work while `working()` is entered, and make attempts by the same
Runner. Celery's own part lies in core_api.background.celery_engine, which is imported only where
it is used: it gives `notify(job)` and `working()` with the same meaning as here.
"""

import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Protocol

from django.conf import settings
from django.db import transaction

from core_api.background import results, wake, workers
from core_api.background.models import Job, Status

CELERY = "celery"


class Working(Protocol):
    """An engine at work."""

    @property
    def alive(self) -> bool:
        """False where it has fallen and the process had better end."""


def notify(*jobs: Job) -> None:
    """Each was accepted, waits again, or is not to run any more; that is committed."""
    if settings.COAPTURE_JOBS_ENGINE == CELERY:
        for job in jobs:
            if job.status == Status.ACCEPTED:
                _celery().notify(job)
    wake.ring(workers.folder())


def working() -> AbstractContextManager[Working]:
    """The worker's part: it makes attempts while the block runs, and gives them back at its end."""
    if settings.COAPTURE_JOBS_ENGINE == CELERY:
        engine: AbstractContextManager[Working] = _celery().working()
        return engine
    from core_api.background.runner import Runner

    return Runner()


def discard_results(job_ids: Iterable[uuid.UUID]) -> None:
    """Remove the results of these jobs when the transaction is committed."""
    for job_id in job_ids:
        transaction.on_commit(partial(results.remove, job_id), robust=True)


def _celery() -> ModuleType:
    return import_module("core_api.background.celery_engine")
