"""Telling the broker of jobs as they are accepted."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from core_api.background import celery_engine, services
from tests.core_api.background.working import reached
from tests.services.workers import waiting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("celery_broker")]


def test_a_job_is_published_when_it_is_due() -> None:
    soon = timezone.now() + dt.timedelta(seconds=0.3)
    job = services.enqueue("test.echo", run_at=soon)
    assert (reached(job.pk, lambda job: job.published).published or soon) >= soon
    assert waiting() == 1


def test_a_full_queue_of_the_publisher_leaves_jobs_to_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(celery_engine, "LONGEST", 2)
    publisher = celery_engine.Publisher()
    assert [publisher.offer(uuid.uuid4(), 5, 60.0) for _ in range(3)] == [True, True, False]
