"""What the broker does not know of is published again, by a real broker's word."""

import datetime as dt

import pytest
from django.utils import timezone

from core_api.background import celery_sweep
from core_api.background.models import Job
from core_api.celery import app
from tests.e2e.ports import free_port
from tests.services.workers import waiting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("celery_broker")]


def accepted(**ages: float) -> Job:
    """A job in the table of which nobody was told; `updated`, `published` so many seconds ago."""
    now = timezone.now()
    past = now - dt.timedelta(seconds=60)
    job = Job(task="test.echo", resource="cpu", run_at=past, created=past, updated=past)
    for name, age in ages.items():
        setattr(job, name, now - dt.timedelta(seconds=age))
    job.save(force_insert=True)
    return job


def test_the_sweep_tells_the_broker_of_what_it_was_not_told() -> None:
    accepted()
    accepted(updated=5, published=10)
    accepted(updated=0)
    accepted(run_at=-60)
    assert celery_sweep.sweep() == 2
    assert celery_sweep.sweep() == 0
    assert waiting() == 2


def test_what_the_broker_forgot_is_published_again_and_what_waits_is_not() -> None:
    accepted(published=30)
    assert celery_sweep.sweep() == 1
    Job.objects.update(published=timezone.now() - dt.timedelta(seconds=30))
    assert celery_sweep.sweep() == 0
    assert waiting() == 1


def test_a_sweep_without_the_broker_leaves_the_rows_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app.conf, "broker_url", f"amqp://127.0.0.1:{free_port()}//")
    job = accepted()
    assert celery_sweep.sweep() == 0
    assert Job.objects.get(pk=job.pk).published is None
    assert "The broker cannot be asked" in caplog.text
