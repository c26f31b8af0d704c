"""Reading jobs, those that are processes: no other is a client's affair."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    DurationField,
    ExpressionWrapper,
    F,
    JSONField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from core_api.background.models import Job

# What a list does not show: it may be large.
_LARGE = ("outputs", "details", "options")
# The option of a job whose inputs are long. They are read only by those who ask for them: a job is
# polled, and observed over slow links, and may have been given a picture. To measure them in the
# database takes 25 ms for 30 MB, in a list for each.
LONG = "long"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a job in the list, newest first."""

    created: dt.datetime
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Filters:
    """Which jobs a list shows; both ends of the time are included, durations are in seconds.

    A job's duration is the time since it was started, until it finished.
    """

    statuses: Sequence[str] = ()
    process_ids: Sequence[str] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    min_duration: float | None = None
    max_duration: float | None = None


def find(job_id: uuid.UUID) -> Job | None:
    """The job of this id."""
    return _known().filter(pk=job_id).first()


def locked(job_id: uuid.UUID) -> Job | None:
    """The job of this id, which nobody else changes before the transaction ends."""
    return _known().select_for_update().filter(pk=job_id).first()


def short_inputs(job: Job) -> dict[str, Any] | None:
    """The inputs, unless they are long."""
    if "short_inputs" in job.__dict__:
        return job.short_inputs  # type: ignore[attr-defined, no-any-return]
    return None if LONG in job.options else job.inputs


def inputs_of(job_id: uuid.UUID) -> dict[str, Any] | None:
    """The job's inputs, however long; None where there is no such job."""
    jobs = Job.objects.filter(pk=job_id, is_process=True)
    return jobs.values_list("inputs", flat=True).first()


def status_of(job_id: uuid.UUID) -> str | None:
    """The job's status; None where there is no such job."""
    jobs = Job.objects.filter(pk=job_id, is_process=True)
    return jobs.values_list("status", flat=True).first()


def page(filters: Filters, limit: int, after: Cursor | None = None) -> list[Job]:
    """At most `limit` jobs, newest first, beginning after the cursor; without what is large."""
    jobs = _filtered(filters)
    if after is not None:
        jobs = jobs.filter(Q(created__lt=after.created) | Q(created=after.created, id__lt=after.id))
    return list(jobs.order_by("-created", "-id").defer(*_LARGE)[:limit])


def _known() -> QuerySet[Job]:
    is_long = When(options__has_key=LONG, then=Value(None, JSONField()))
    short = Case(is_long, default=F("inputs"), output_field=JSONField())
    return Job.objects.filter(is_process=True).defer("inputs").annotate(short_inputs=short)


def _filtered(filters: Filters) -> QuerySet[Job]:
    jobs = _known()
    if filters.statuses:
        jobs = jobs.filter(status__in=filters.statuses)
    if filters.process_ids:
        jobs = jobs.filter(task__in=filters.process_ids)
    if filters.since is not None:
        jobs = jobs.filter(created__gte=filters.since)
    if filters.until is not None:
        jobs = jobs.filter(created__lte=filters.until)
    if filters.min_duration is not None or filters.max_duration is not None:
        jobs = _lasting(jobs, filters.min_duration, filters.max_duration)
    return jobs


def _lasting(jobs: QuerySet[Job], least: float | None, most: float | None) -> QuerySet[Job]:
    until = Coalesce("finished", Value(timezone.now()))
    lasted = ExpressionWrapper(until - F("started"), output_field=DurationField())
    jobs = jobs.filter(started__isnull=False).annotate(lasted=lasted)
    if least is not None:
        jobs = jobs.filter(lasted__gte=dt.timedelta(seconds=least))
    if most is not None:
        jobs = jobs.filter(lasted__lte=dt.timedelta(seconds=most))
    return jobs
