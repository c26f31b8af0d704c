"""Workers of their own: order, limits, stopping, leases, and Celery's way to submit."""

import threading
import time
import uuid
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from core_api.background import leases, services, workers
from core_api.background.models import Job, Status
from tests.core_api.background.test_runner import pid_of
from tests.core_api.background.working import finished, until, working

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_dismissed_task_that_hears_nothing_is_killed_within_two_seconds(tmp_path: Path) -> None:
    with working(slots=1):
        job = services.enqueue("test.deaf", {"pid": str(tmp_path / "pid")})
        child = pid_of(tmp_path / "pid")
        started = time.monotonic()
        services.dismiss(job.pk)
        # The only slot is free again when the next job runs, but for the start of a process.
        until(lambda: not Path(f"/proc/{child}").exists())
        assert time.monotonic() - started < 2
        finished(services.enqueue("test.nothing").pk)
    job.refresh_from_db()
    assert (job.status, job.outputs) == (Status.DISMISSED, None)


def test_the_highest_priority_runs_first_then_the_oldest(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = [
        services.enqueue("test.echo", {"log": str(log), "name": name}, priority=priority)
        for name, priority in (("a", 5), ("b", 1), ("c", 9), ("d", 5))
    ]
    with working(slots=1):
        for job in jobs:
            finished(job.pk)
    assert log.read_text().split() == ["c", "a", "d", "b"]


def test_a_resource_class_has_a_limit(settings: Settings, tmp_path: Path) -> None:
    settings.COAPTURE_JOBS_LIMITS = {"scarce": 1}
    jobs = [
        services.enqueue(
            "test.scarce",
            {"pid": str(tmp_path / f"pid{number}"), "until": str(tmp_path / f"until{number}")},
        )
        for number in range(2)
    ]
    with working(slots=3):
        pid_of(tmp_path / "pid0")
        # What is behind the class that is full runs, and the second of the class does not.
        finished(services.enqueue("test.nothing").pk)
        assert not (tmp_path / "pid1").exists()
        (tmp_path / "until0").touch()
        pid_of(tmp_path / "pid1")
        (tmp_path / "until1").touch()
        for job in jobs:
            assert finished(job.pk).status == Status.SUCCESSFUL


def test_a_stop_gives_running_jobs_back_uncounted(tmp_path: Path) -> None:
    with working():
        job = services.enqueue("test.deaf", {"pid": str(tmp_path / "pid")})
        child = pid_of(tmp_path / "pid")
    job.refresh_from_db()
    assert (job.status, job.attempts, job.losses, job.worker) == (Status.ACCEPTED, 0, 0, "")
    assert not Path(f"/proc/{child}").exists()


def test_a_stop_waits_for_jobs_that_end_in_time(tmp_path: Path) -> None:
    with working() as runner:
        inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
        job = services.enqueue("test.wait", inputs)
        pid_of(tmp_path / "pid")
        threading.Timer(0.1, (tmp_path / "until").touch).start()
        runner.stop(within=10)
        job.refresh_from_db()
        assert job.status == Status.SUCCESSFUL


@pytest.mark.only_embedded("two consumers of Celery are two processes: tests/e2e/test_job_kills.py")
def test_two_workers_never_complete_a_job_twice(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with working(), working():
        jobs = [
            services.enqueue("test.echo", {"log": str(log), "name": str(number)})
            for number in range(60)
        ]
        for job in jobs:
            assert finished(job.pk).status == Status.SUCCESSFUL
    assert sorted(map(int, log.read_text().split())) == list(range(60))


def test_a_lease_that_is_over_frees_the_job(settings: Settings, tmp_path: Path) -> None:
    settings.COAPTURE_JOBS_LEASE = -1.0
    job = services.enqueue("test.nothing")
    with transaction.atomic():
        assert [claim.id for claim in leases.claim("elsewhere", 1, {})] == [job.pk]
    settings.COAPTURE_JOBS_LEASE = 30.0
    with working():
        job = finished(job.pk)
    assert (job.status, job.token, job.losses) == (Status.SUCCESSFUL, 2, 1)


def test_what_is_submitted_runs_and_nothing_else() -> None:
    other, job = services.enqueue("test.echo"), services.enqueue("test.echo")
    with working(claims_all=False) as runner:
        assert runner.submit(job.pk).result(20) is True
        assert Job.objects.get(pk=job.pk).status == Status.SUCCESSFUL
        assert runner.submit(job.pk).result(20) is False
        assert runner.submit(uuid.uuid4()).result(20) is False
    assert Job.objects.get(pk=other.pk).status == Status.ACCEPTED


def test_a_running_job_that_is_submitted_again_is_refused_elsewhere(tmp_path: Path) -> None:
    inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
    with working(claims_all=False) as one, working(claims_all=False) as two:
        job = services.enqueue("test.wait", inputs)
        first = one.submit(job.pk)
        pid_of(tmp_path / "pid")
        assert two.submit(job.pk).result(20) is False
        (tmp_path / "until").touch()
        assert first.result(20) is True
        assert Job.objects.get(pk=job.pk).token == 1


def test_the_scratch_of_a_killed_child_is_removed(tmp_path: Path) -> None:
    with working(slots=1):
        job = services.enqueue("test.die", {"log": str(tmp_path / "log"), "times": 1})
        finished(job.pk)
        [worker] = workers.folder().iterdir()
        assert {path.name for path in worker.iterdir()} == {"bell", "lock"}
