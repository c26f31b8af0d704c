"""Leases and fencing, without workers."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from core_api.background import endings, leases, services
from core_api.background.models import Job, Status
from core_api.background.work import Claim, End, Ended, Said

pytestmark = pytest.mark.django_db


def claimed(worker: str = "one") -> Claim:
    """A new job that the worker has."""
    job = services.enqueue("test.echo", {"a": 1}, options={"b": 2})
    [claim] = leases.claim(worker, 1, {}, [job.pk])
    return claim


def row(claim: Claim) -> Job:
    return Job.objects.get(pk=claim.id)


def taken_over(claim: Claim, settings: Settings) -> Claim:
    """The same job, had by another worker after the lease was over."""
    Job.objects.filter(pk=claim.id).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    [job] = leases.free([])
    assert job.pk == claim.id
    [other] = leases.claim("two", 1, {})
    return other


def test_a_claim_carries_the_job() -> None:
    claim = claimed()
    assert (claim.task, claim.inputs, claim.options, claim.token) == (
        "test.echo",
        {"a": 1},
        {"b": 2},
        1,
    )
    assert (row(claim).status, row(claim).worker) == (Status.RUNNING, "one")
    assert leases.held("one") == {(claim.id, 1)}


def test_a_job_is_claimed_once() -> None:
    claimed()
    assert leases.claim("two", 5, {}) == []


def test_a_job_that_is_not_due_is_not_claimed() -> None:
    services.enqueue("test.echo", run_at=timezone.now() + dt.timedelta(seconds=60))
    assert leases.claim("one", 5, {}) == []


def test_room_bounds_the_jobs_of_a_class() -> None:
    for _ in range(3):
        services.enqueue("test.scarce")
    assert len(leases.claim("one", 5, {"scarce": 2})) == 2
    assert leases.claim("one", 5, {"scarce": 0}) == []
    assert len(leases.claim("one", 5, {"other": 0})) == 1


def test_who_lost_the_lease_writes_nothing(settings: Settings) -> None:
    stale = claimed()
    current = taken_over(stale, settings)
    before = row(stale)
    assert not leases.say(stale, Said(50, "half", None))
    assert not leases.succeed(stale, {"stale": True})
    assert not leases.fail(stale, {"detail": "stale"})
    assert not leases.give_back(stale)
    assert not leases.remove(stale)
    assert leases.lose([stale]) == []
    after = row(stale)
    assert {name: getattr(after, name) for name in ("status", "token", "updated", "losses")} == {
        name: getattr(before, name) for name in ("status", "token", "updated", "losses")
    }
    assert leases.succeed(current, {"current": True})
    assert row(stale).outputs == {"current": True}


def test_a_dismissed_job_is_nobodys() -> None:
    claim = claimed()
    services.dismiss(claim.id)
    assert leases.held("one") == set()
    assert not leases.succeed(claim, {})
    assert row(claim).status == Status.DISMISSED


def test_a_renewed_lease_is_not_over(settings: Settings) -> None:
    claim = claimed()
    Job.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    leases.renew("one")
    assert leases.free([]) == []
    assert row(claim).lease_until is not None


def test_the_jobs_of_a_dead_worker_are_free_at_once() -> None:
    claim, other = claimed("dead"), claimed("alive")
    assert [job.pk for job in leases.free(["dead"])] == [claim.id]
    assert (row(claim).status, row(claim).losses) == (Status.ACCEPTED, 1)
    assert row(other).status == Status.RUNNING


def test_a_job_that_is_lost_too_often_fails(settings: Settings) -> None:
    settings.COAPTURE_JOBS_LOSSES = 1
    claim = claimed()
    leases.lose([claim])
    assert row(claim).status == Status.FAILED
    assert row(claim).finished is not None


def test_a_failed_attempt_waits_for_its_pause_and_keeps_its_error() -> None:
    claim = claimed()
    assert leases.fail(claim, {"detail": "not now"}, pause=60)
    job = row(claim)
    assert (job.status, job.attempts, job.error) == (Status.ACCEPTED, 1, {"detail": "not now"})
    assert job.run_at > timezone.now() + dt.timedelta(seconds=50)


def test_a_periodic_job_is_removed_when_it_succeeds() -> None:
    job = services.enqueue("core_api.changes.prune")
    [claim] = leases.claim("one", 1, {})
    assert claim.id == job.pk
    endings.write([Ended(claim, End.SUCCESSFUL, outputs={})])
    assert not Job.objects.filter(pk=job.pk).exists()


@pytest.mark.only_sqlite
def test_looking_for_work_uses_the_index() -> None:
    now = timezone.now()
    due = Job.objects.filter(status=Status.ACCEPTED, run_at__lte=now)
    due = due.order_by("-priority", "run_at")
    held = Job.objects.filter(status=Status.RUNNING, worker="one")
    for query in (due, held):
        assert "jobs_to_claim" in query.explain()
        assert "TEMP B-TREE" not in query.explain()


def test_nobody_claims_what_is_named_and_not_there() -> None:
    assert leases.claim("one", 5, {}, [uuid.uuid4()]) == []
    assert connection.in_atomic_block
