"""Accepting, dismissing and removing jobs; what workers do to them is in leases.py."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from core_api import changes
from core_api.background import accepting, engines, tasks
from core_api.background.models import ACTIVE, DEFAULT_PRIORITY, Job, Status
from core_api.errors import Conflict, NotFound, Unprocessable


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key and the fingerprint of the request that it came with."""

    key: str
    fingerprint: str


def enqueue(
    task_name: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    priority: int = DEFAULT_PRIORITY,
    run_at: dt.datetime | None = None,
    key: Key | None = None,
) -> Job:
    """Accept a job: it is durable when the transaction is, and the engine hears of it then.

    With a key that was used before: the same job where the fingerprint is the same, else
    Unprocessable (422); Conflict (409) while that request is still being processed. LookupError
    where there is no such task.
    """
    task = tasks.find(task_name)
    if task is None:
        raise LookupError(f"There is no task {task_name!r}.")
    now = timezone.now()
    job = Job(
        task=task.name,
        is_process=task.is_process,
        resource=task.resource,
        priority=priority,
        run_at=run_at or now,
        created=now,
        updated=now,
        inputs=dict(inputs or {}),
        options=dict(options or {}),
        idempotency_key=key.key if key else None,
        fingerprint=key.fingerprint if key else "",
    )
    if key is not None and (former := _former(key)):
        return former
    try:
        accepting.accept(job)
    except IntegrityError:
        if key is None:
            raise
        return _former(key) or _in_progress()
    return job


def dismiss(job_id: uuid.UUID) -> Job:
    """Stop an active job, remove a finished one (OGC 18-062r2 section 7.14), or raise NotFound.

    The job as it is afterwards: its status is dismissed in both cases.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=job_id).first()
        if job is None:
            raise NotFound("There is no such job.")
        if job.status in ACTIVE:
            job.status, job.finished = Status.DISMISSED, timezone.now()
            job.updated = job.finished
            job.save(update_fields=["status", "finished", "updated"])
        else:
            engines.discard_results([job.pk])
            job.delete()
            job.pk, job.status = job_id, Status.DISMISSED
        if job.is_process:
            changes.publish(job.path)
        transaction.on_commit(lambda: engines.notify(job), robust=True)
    return job


def _former(key: Key) -> Job | None:
    job = Job.objects.filter(idempotency_key=key.key).first()
    if job is not None and job.fingerprint != key.fingerprint:
        raise Unprocessable("The Idempotency-Key was used with another request.")
    return job


def _in_progress() -> Job:
    raise Conflict("The request with this Idempotency-Key is still being processed.")
