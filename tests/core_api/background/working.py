"""A worker in the test's own process, with real children that see the test's database and data."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock
from uuid import UUID

from django.test import override_settings

from core_api.background.models import FINISHED, Job
from core_api.background.runner import Runner
from tests.services import engines

SETTINGS = "tests.core_api.background.settings"


@contextmanager
def working(
    *, settings_module: str = SETTINGS, slots: int = 2, claims_all: bool = True
) -> Iterator[Runner]:
    """Work while the block runs; the children use these settings. At its end nothing is left.

    What is accepted comes over the engine in use; unless `claims_all`, only from `submit`.
    The test needs django_db(transaction=True) and its own data folder (settings.COAPTURE_DATA).
    """
    over_celery = claims_all and engines.chosen() == engines.CELERY
    with (
        mock.patch.dict(os.environ, {"DJANGO_SETTINGS_MODULE": settings_module}),
        _consuming(slots) if over_celery else _running(slots, claims_all) as runner,
    ):
        yield runner


@contextmanager
def _running(slots: int, claims_all: bool) -> Iterator[Runner]:
    runner = Runner(claims_all=claims_all, slots=slots)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop(within=0)


@contextmanager
def _consuming(slots: int) -> Iterator[Runner]:
    """As `coapture worker` does on Celery, of whose consumers a process has one."""
    from core_api.background import celery_engine, celery_runner

    assert celery_runner._current is None
    assert celery_engine.flush(10)
    with (
        override_settings(COAPTURE_JOBS_SLOTS=slots, COAPTURE_JOBS_SWEEP=0.5),
        celery_engine.working() as consumer,
    ):
        runner = celery_runner.current()
        try:
            yield runner
        finally:
            consumer.close()
            runner.stop(within=0)
    assert consumer.join(10)
    assert celery_engine.flush(10)


def finished(job_id: UUID, within: float = 20.0) -> Job:
    """The job when it has ended; AssertionError when that takes too long."""
    return reached(job_id, lambda job: job.status in FINISHED, within)


def reached(job_id: UUID, so: Callable[[Job], object], within: float = 20.0) -> Job:
    """The job when it is so; AssertionError when that takes too long."""
    deadline = time.monotonic() + within
    while not so(job := Job.objects.get(pk=job_id)):
        assert time.monotonic() < deadline, (job.status, job.error, job.message)
        time.sleep(0.005)
    return job


def until(so: Callable[[], object], within: float = 20.0) -> None:
    """Wait until it is so; AssertionError when that takes too long."""
    deadline = time.monotonic() + within
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.005)
