"""What messages make a worker do, and what beat sends."""

import datetime as dt
import logging
import threading
import uuid
from concurrent.futures import Future

import pytest
from celery import beat
from celery.exceptions import Reject
from pytest_django import Settings

from core_api.background import celery_runner, celery_tasks, periodic, schedule
from core_api.background.models import Job
from core_api.background.upkeep import Upkeep
from core_api.celery import app
from tests.services.workers import waiting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("celery_broker")]


def test_beat_starts_what_is_periodic() -> None:
    scheduler = beat.Scheduler(app)
    names = {one.function for one in periodic.scheduled()}
    assert scheduler.schedule.keys() == names
    for entry in scheduler.schedule.values():
        entry.last_run_at -= dt.timedelta(days=1)
    with scheduler.connection:
        while scheduler.tick() == 0:
            pass
    assert waiting() == len(names)


def test_what_beat_starts_becomes_one_job() -> None:
    for _ in range(2):
        app.tasks["core_api.changes.prune"]()
    assert [job.task for job in Job.objects.all()] == ["core_api.changes.prune"]


class Stuck:
    """A runner whose attempts do not end."""

    def __init__(self, alive: bool) -> None:
        self.alive = alive

    def submit(self, job_id: uuid.UUID) -> "Future[bool]":
        return Future()


def test_a_message_is_let_go_before_the_broker_loses_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(celery_runner, "_current", Stuck(alive=True))
    monkeypatch.setattr(celery_tasks, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(celery_tasks, "HOLD", 0.05)
    assert celery_tasks.run_job(str(uuid.uuid4())) is None


def test_a_message_goes_back_when_its_worker_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Stuck(alive=True)
    monkeypatch.setattr(celery_runner, "_current", runner)
    monkeypatch.setattr(celery_tasks, "LOOK_EVERY", 0.01)
    threading.Timer(0.05, setattr, (runner, "alive", False)).start()
    with pytest.raises(Reject) as rejection:
        celery_tasks.run_job(str(uuid.uuid4()))
    assert rejection.value.requeue


def test_a_message_for_a_worker_that_has_ended_goes_back_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(celery_runner, "_current", Stuck(alive=False))
    monkeypatch.setattr(celery_tasks, "LOOK_EVERY", 60.0)
    with pytest.raises(Reject):
        celery_tasks.run_job(str(uuid.uuid4()))


def test_beat_may_have_the_schedule(settings: Settings) -> None:
    schedule.prepare()
    settings.COAPTURE_JOBS_SCHEDULE = False
    Upkeep("somebody").attend()
    assert not Job.objects.exists()
    settings.COAPTURE_JOBS_SCHEDULE = True
    Upkeep("somebody").attend()
    assert Job.objects.exists()


def test_a_message_that_goes_back_is_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        raise Reject("This worker stops.", requeue=True)
    except Reject as rejection:
        logging.getLogger("celery.app.trace").warning("rejected: %s", rejection, exc_info=True)
    assert "Traceback" not in caplog.text
    assert "rejected" in caplog.text
