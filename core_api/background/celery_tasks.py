"""What the broker's messages ask for: run this job, start what is periodic."""

import logging
import time
import uuid
from collections.abc import Callable

from celery.exceptions import Reject
from django.db import close_old_connections

from core_api.background import celery_runner, periodic, services
from core_api.background.models import ACTIVE, Job
from core_api.celery import app

# RabbitMQ cuts off who keeps a message for longer (its consumer_timeout is 1800 seconds). A job
# that takes longer is safe by its lease.
HOLD = 600.0
LOOK_EVERY = 1.0


def _run_job(job_id: str) -> None:
    """Run the job, unless somebody else has it, it waits for its time, or it has ended.

    The message is taken off the queue when the attempt is over and written, whatever came of it.
    """
    runner = celery_runner.current()
    if not runner.alive:
        raise _stopping()
    future = runner.submit(uuid.UUID(job_id))
    until = time.monotonic() + HOLD
    while time.monotonic() < until:
        try:
            future.result(LOOK_EVERY)
        except TimeoutError:
            if not runner.alive:
                raise _stopping() from None
        else:
            return


def _stopping() -> Reject:
    """The message goes back to the broker."""
    return Reject("This worker stops.", requeue=True)


def _without_traceback(record: logging.LogRecord) -> bool:
    """A filter: that a message goes back is worth a line, and where in the code it did is not."""
    if record.exc_info and isinstance(record.exc_info[1], Reject):
        record.exc_info = None
    return True


logging.getLogger("celery.app.trace").addFilter(_without_traceback)

run_job = app.task(name="core_api.background.run_job")(_run_job)


def start(function: str) -> None:
    """Enqueue the periodic job of this name, unless the last one still waits or runs."""
    close_old_connections()
    try:
        if not Job.objects.filter(task=function, status__in=ACTIVE).exists():
            services.enqueue(function)
    finally:
        close_old_connections()


def make_periodic() -> None:
    """A Celery task for each periodic function that is no machine's own, and beat's schedule."""
    for one in periodic.scheduled():
        seconds = one.every.total_seconds()
        app.task(name=one.function)(_starting(one.function))
        app.conf.beat_schedule[one.function] = {
            "task": one.function,
            "schedule": seconds,
            # What waits while there is no worker is not done many times afterwards.
            "options": {"expires": seconds},
        }


def _starting(function: str) -> Callable[[], None]:
    def run() -> None:
        start(function)

    return run


make_periodic()
# Several threads use it; whichever comes first would do this while others look.
app.finalize()
