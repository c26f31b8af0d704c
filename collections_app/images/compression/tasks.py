"""Compression as jobs: batches of low priority, as long as something waits."""

import datetime as dt
import time
from typing import Any

from django.conf import settings
from django.db import transaction

from collections_app.images.compression import waiting
from collections_app.images.compression.waiting import Span
from core_api.background import services as jobs
from core_api.background.models import ACTIVE, Job, Status
from core_api.background.tasks import Periodic, Run, Task
from core_api.postgresql.races import queue_up

# Everything else that is due runs before.
PRIORITY = 0
# Images of a batch, and seconds after which the rest of it is left to another one: whatever else
# is due does not wait for longer.
BATCH = 256
BATCH_SECONDS = 10.0
# Batches that wait for a worker; whoever ends one sees to the next.
AHEAD = 2


def _run(run: Run) -> dict[str, Any]:
    # It brings the codecs, which the doors do not need.
    from collections_app.images.compression import services

    until = time.monotonic() + BATCH_SECONDS

    def goes_on() -> bool:
        run.check()
        return time.monotonic() < until

    tally = services.compress((run.inputs["first"], run.inputs["last"]), goes_on=goes_on)
    enqueue_batches()
    return {outcome.value: count for outcome, count in tally.items()}


COMPRESS = Task("images.compress", _run, time_limit=600.0, resource="compression")
PERIODIC = Periodic(f"{__name__}.enqueue_batches", dt.timedelta(seconds=10))


def enqueue_batches() -> int:
    """See to it that AHEAD batches wait while there is work; gives the number of new ones."""
    if not settings.COAPTURE_COMPRESSION or not waiting.is_any():
        return 0
    with transaction.atomic():
        queue_up([COMPRESS.name])
        active = list(Job.objects.filter(task=COMPRESS.name, status__in=ACTIVE))
        room = AHEAD - sum(job.status == Status.ACCEPTED for job in active)
        # What a batch has left before it is looked at when those beyond are done.
        after = max((job.inputs["last"] for job in active), default=0)
        spans = waiting.spans(room, BATCH, after) if room > 0 else []
        for span in spans:
            _enqueue(span)
    return len(spans)


def _enqueue(span: Span) -> None:
    first, last = span
    jobs.enqueue(COMPRESS.name, {"first": first, "last": last}, priority=PRIORITY)
