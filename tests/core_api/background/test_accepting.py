"""Accepting jobs: rows as the ORM would store them, one commit and one call for a batch."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from core_api import changes
from core_api.background import accepting, engines, services
from core_api.background.models import Job
from core_api.background.services import Key

WHEN = dt.datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[list[UUID]]:
    """What the engine is told: the ids of each call."""
    calls: list[list[UUID]] = []
    monkeypatch.setattr(engines, "notify", lambda *jobs: calls.append([job.pk for job in jobs]))
    return calls


@pytest.fixture
def _no_thread() -> Iterator[None]:
    yield
    accepting._writer.close()


def draft(**values: object) -> accepting.Draft:
    now = timezone.now()
    times = {"created": now, "updated": now, "run_at": now}
    return accepting.Draft(Job(task="test.echo", resource="cpu", **(times | values)))


@pytest.mark.django_db
def test_a_row_is_what_was_accepted() -> None:
    inputs = {"text": "\u00e6\u2028", "list": [1, 2.5, None, True], "when": WHEN}
    job = services.enqueue(
        *("test.echo", inputs),
        options={"response": "document"},
        priority=9,
        run_at=WHEN,
        key=Key("k", "f" * 64),
    )
    row = Job.objects.get(pk=job.pk)
    assert row.inputs == inputs | {"when": "2026-11-21T08:00:00.123Z"}
    for field in Job._meta.concrete_fields:
        if field.name != "inputs":
            assert getattr(row, field.attname) == getattr(job, field.attname), field.name
    assert (row.details, row.outputs, row.error) == (None, None, None)
    assert Job.objects.filter(outputs__isnull=True, details__isnull=True).exists()


@pytest.mark.django_db
def test_the_engine_hears_once_of_a_batch(
    told: list[list[UUID]], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    batch = [draft(), draft()]
    with django_capture_on_commit_callbacks(execute=True):
        accepting.write(batch)
        assert told == []
    assert told == [[one.job.pk for one in batch]]
    assert Job.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_thread")
def test_observers_hear_of_processes_only(told: list[list[UUID]]) -> None:
    with changes.Follower() as follower:
        services.enqueue("test.nothing")
        seen = services.enqueue("test.echo")
        assert follower.wait(5) == [seen.path]
    assert len(told) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_thread")
def test_what_the_caller_rolls_back_was_never_there(told: list[list[UUID]]) -> None:
    with transaction.atomic():
        services.enqueue("test.echo")
        assert Job.objects.exists()
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert told == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_thread")
def test_one_key_is_one_job_whoever_comes_at_once(told: list[list[UUID]]) -> None:
    def ask(key: Key | None) -> UUID:
        try:
            return services.enqueue("test.nothing", key=key).pk
        finally:
            connection.close()

    keys = [Key("k", "f"), None] * 8
    with ThreadPoolExecutor(len(keys)) as pool:
        found = list(pool.map(ask, keys))
    assert len(set(found[::2])) == 1
    assert len(set(found[1::2])) == 8
    assert Job.objects.count() == 9
    assert sorted(pk for call in told for pk in call) == sorted(set(found))
