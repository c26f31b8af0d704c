"""Jobs and who has them: claiming, keeping, ending and losing a lease, in the caller's transaction.

Whoever has a job writes only where the row still has its token and is running; where it does not,
nothing is written and the answer is False: somebody else has it, or it was dismissed.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from core_api.background import problems, tasks
from core_api.background.models import Job, Status
from core_api.background.work import Claim, Said

CLAIMED = ("id", "token", "task", "is_process", "priority", "resource", "attempts", "losses")
DEFAULT_TIME_LIMIT = 3600.0
# Freed leases of one transaction.
BATCH = 100

IDLE: Mapping[str, Any] = {"worker": "", "lease_until": None}
_FIELDS = {str(field.column): field for field in Job._meta.concrete_fields}


def claim(
    worker: str, count: int, room: Mapping[str, int], among: Collection[uuid.UUID] | None = None
) -> list[Claim]:
    """Take up to `count` jobs that are due, highest priority first, then the one due first.

    `room` says how many of a resource class may be taken; classes that it does not name are free.
    `among` restricts the choice to these jobs.
    """
    now = timezone.now()
    full = [resource for resource, places in room.items() if places <= 0]
    due = Job.objects.filter(status=Status.ACCEPTED, run_at__lte=now).exclude(resource__in=full)
    if among is not None:
        due = due.filter(pk__in=among)
    found = due.order_by(F("priority").desc(), "run_at").values_list("pk", "resource")
    chosen = _fitting(found.select_for_update(skip_locked=True)[:count], room)
    if not chosen:
        return []
    # Where rows are not locked by reading them, another worker may have been quicker.
    Job.objects.filter(pk__in=chosen, status=Status.ACCEPTED).update(
        status=Status.RUNNING,
        token=F("token") + 1,
        worker=worker,
        lease_until=_lease(now),
        started=now,
        updated=now,
        progress=0,
        message="",
        details=None,
    )
    ours = Job.objects.filter(pk__in=chosen, status=Status.RUNNING, worker=worker)
    return [_claim(row) for row in ours.values(*CLAIMED, "inputs", "options")]


def _fitting(found: Iterable[tuple[uuid.UUID, str]], room: Mapping[str, int]) -> list[uuid.UUID]:
    left = dict(room)
    chosen = []
    for job_id, resource in found:
        places = left.get(resource)
        if places != 0:
            chosen.append(job_id)
        if places:
            left[resource] = places - 1
    return chosen


def _claim(row: dict[str, Any]) -> Claim:
    task = tasks.find(row["task"])
    return Claim(time_limit=task.time_limit if task else DEFAULT_TIME_LIMIT, **row)


def _lease(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=settings.COAPTURE_JOBS_LEASE)


def held(worker: str) -> set[tuple[uuid.UUID, int]]:
    """What the worker has, as the rows say it: ids and tokens."""
    rows = Job.objects.filter(status=Status.RUNNING, worker=worker)
    return set(rows.values_list("pk", "token"))


def renew(worker: str) -> None:
    """Prolong every lease of the worker."""
    rows = Job.objects.filter(status=Status.RUNNING, worker=worker)
    rows.update(lease_until=_lease(timezone.now()))


def say(claim: Claim, said: Said) -> bool:
    """Write how far the job is."""
    change: dict[str, Any] = {"progress": said.percent, "updated": timezone.now()}
    if said.message:
        change["message"] = said.message
    if said.details is not None:
        change["details"] = said.details
    return _ours(claim).update(**change) == 1


def succeed(claim: Claim, outputs: Mapping[str, Any]) -> bool:
    """The job is done, with these outputs."""
    now = timezone.now()
    change = {
        "status": Status.SUCCESSFUL,
        "outputs": outputs,
        "error": None,
        "progress": 100,
        "finished": now,
        "updated": now,
        **IDLE,
    }
    return _updated(claim, change)


def remove(claim: Claim) -> bool:
    """The job is done, and nobody wants to know."""
    return _ours(claim).delete()[0] == 1


def fail(claim: Claim, problem: Mapping[str, Any], pause: float | None = None) -> bool:
    """The attempt has failed: the job too, or it is made again after `pause` seconds."""
    now = timezone.now()
    change = {"error": problem, "attempts": F("attempts") + 1, "updated": now, **IDLE}
    if pause is None:
        change |= {"status": Status.FAILED, "finished": now}
    else:
        change |= {"status": Status.ACCEPTED, "run_at": now + dt.timedelta(seconds=pause)}
    return _ours(claim).update(**change) == 1


def give_back(claim: Claim) -> bool:
    """The attempt is none: the job waits again, as if it had not been claimed."""
    change = {"status": Status.ACCEPTED, "updated": timezone.now(), **IDLE}
    return _ours(claim).update(**change) == 1


def lose(claims: Iterable[Claim]) -> list[Job]:
    """The process of these attempts has ended: the jobs as they are now, but for those not ours."""
    tokens = {claim.id: claim.token for claim in claims}
    jobs = Job.objects.select_for_update().filter(pk__in=tokens, status=Status.RUNNING)
    return [job for job in jobs if job.token == tokens[job.pk] and _lost(job)]


def free(dead: Collection[str]) -> list[Job]:
    """Take the jobs of dead workers, and those whose lease is over; as they are now."""
    over = Q(lease_until__lt=timezone.now()) | Q(worker__in=dead)
    jobs = Job.objects.filter(over, status=Status.RUNNING).order_by("lease_until")
    return [job for job in jobs.select_for_update(skip_locked=True)[:BATCH] if _lost(job)]


def _lost(job: Job) -> bool:
    now = timezone.now()
    change: dict[str, Any] = {"losses": job.losses + 1, "updated": now, **IDLE}
    if job.losses + 1 < settings.COAPTURE_JOBS_LOSSES:
        change |= {"status": Status.ACCEPTED}
    else:
        problem = problems.lost(job.losses + 1)
        change |= {"status": Status.FAILED, "finished": now, "error": problem}
    rows = Job.objects.filter(pk=job.pk, token=job.token, status=Status.RUNNING)
    for name, value in change.items():
        setattr(job, name, value)
    return rows.update(**change) == 1


def _updated(claim: Claim, change: Mapping[str, Any]) -> bool:
    """What `_ours(claim).update(**change)` does, in a third of the time: others wait meanwhile."""
    mine = {"id": claim.id, "token": claim.token, "status": Status.RUNNING}
    places = ", ".join(f"{name} = %s" for name in change)
    where = " AND ".join(f"{name} = %s" for name in mine)
    statement = f"UPDATE {Job._meta.db_table} SET {places} WHERE {where}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*_prepared(change), *_prepared(mine)])
        return bool(cursor.rowcount == 1)


def _prepared(values: Mapping[str, Any]) -> Iterator[Any]:
    """As the database takes them."""
    for name, value in values.items():
        yield _FIELDS[name].get_db_prep_save(value, connection)


def _ours(claim: Claim) -> QuerySet[Job]:
    return Job.objects.filter(pk=claim.id, token=claim.token, status=Status.RUNNING)
