"""Periodic jobs."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone

from core_api.background import periodic, schedule
from core_api.background.models import Job, Schedule, Status
from core_api.background.tasks import Periodic
from tests.core_api.background.working import until, working

HERE = "tests.core_api.background.test_schedule"


@pytest.fixture
def daily() -> Iterator[str]:
    """A periodic function."""
    name = f"{HERE}.daily"
    periodic.register(Periodic(name, dt.timedelta(days=1)))
    yield name
    periodic.forget(name)


def row(name: str) -> Schedule:
    return Schedule.objects.get(pk=name)


@pytest.mark.django_db
def test_what_is_new_is_due_at_once_and_then_when_its_time_has_come(daily: str) -> None:
    schedule.prepare()
    schedule.enqueue_due()
    assert Job.objects.filter(task=daily, status=Status.ACCEPTED, is_process=False).count() == 1
    assert row(daily).next_run > timezone.now() + dt.timedelta(hours=23)
    assert schedule.enqueue_due() == 0


@pytest.mark.django_db
def test_a_job_that_still_waits_is_not_enqueued_again(daily: str) -> None:
    schedule.prepare()
    schedule.enqueue_due()
    Schedule.objects.update(next_run=timezone.now())
    assert schedule.enqueue_due() == 0
    assert row(daily).next_run > timezone.now()


@pytest.mark.django_db
def test_another_period_holds_from_now_on(daily: str) -> None:
    schedule.prepare()
    schedule.enqueue_due()
    periodic.forget(daily)
    periodic.register(Periodic(daily, dt.timedelta(seconds=1)))
    schedule.prepare()
    assert row(daily).every == 1
    assert row(daily).next_run < timezone.now() + dt.timedelta(seconds=2)


@pytest.mark.django_db
def test_what_is_local_is_no_job() -> None:
    schedule.prepare()
    names = {one.function for one in periodic.scheduled()}
    assert {one.function for one in periodic.PLATFORM if not one.local} < names
    assert set(Schedule.objects.values_list("name", flat=True)) == names
    assert [one.function for one in periodic.local()] == ["core_api.uploads.services.sweep"]


@pytest.mark.django_db(transaction=True)
def test_the_platforms_periodic_jobs_run_and_leave_nothing() -> None:
    count = len(list(periodic.scheduled()))
    with working(slots=1):
        until(lambda: Schedule.objects.exclude(last_run=None).count() == count)
        until(lambda: not Job.objects.exists())
