"""Jobs over a real RabbitMQ and a real `coapture worker`, on the test's own database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from core_api.background import services
from core_api.background.models import Job, Status
from tests.core_api.background.working import SETTINGS, finished, until
from tests.e2e.server import is_alive
from tests.services import workers
from tests.services.rabbitmq import RabbitMQ
from tests.shared import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., workers.Worker]
Celery = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def environment(celery_broker: RabbitMQ, transactional_db: None) -> dict[str, str]:
    return workers.environment(SETTINGS, celery_broker)


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts a `coapture worker`: `start(COAPTURE_JOBS_SLOTS="1")`."""
    started: list[workers.Worker] = []

    def launch(**more: str) -> workers.Worker:
        worker = workers.Worker(tmp_path / "data", environment | more)
        started.append(worker)
        worker.start()
        return worker

    yield launch
    for worker in started:
        worker.kill()


@pytest.fixture
def celery(environment: dict[str, str], tmp_path: Path) -> Iterator[Celery]:
    """Starts a program of Celery: `celery("beat")`."""
    environment |= {"COAPTURE_DATA": str(tmp_path / "data")}
    started: list[subprocess.Popen[bytes]] = []

    def launch(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "core_api.celery", *arguments]
        with (tmp_path / "celery").open("ab") as log:
            program = subprocess.Popen(
                command,
                env=os.environ | environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(program)
        return program

    yield launch
    for program in started:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def lives(pid: int) -> bool:
    """Whether the process runs."""
    try:
        return is_alive(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def pid_of(file: Path) -> int:
    """The process id that a task has left there."""
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def test_a_job_runs_and_leaves_its_outputs(start: Start) -> None:
    worker = start()
    job = finished(services.enqueue("test.echo", {"in": 5}).pk)
    assert (job.status, job.outputs) == (Status.SUCCESSFUL, {"in": 5, "attempt": 1})
    assert job.published is not None
    assert worker.stop() == 0
    assert "Traceback" not in worker.stderr
    assert workers.waiting() == 0


def test_a_failed_attempt_is_made_again_after_its_pause(start: Start) -> None:
    start(COAPTURE_JOBS_SWEEP="60")
    job = finished(services.enqueue("test.fail", {"error": "os", "good": 3}).pk)
    assert (job.status, job.attempts, job.losses) == (Status.SUCCESSFUL, 2, 0)


def test_a_dismissed_task_that_hears_nothing_frees_its_worker(start: Start, tmp_path: Path) -> None:
    start(COAPTURE_JOBS_SLOTS="1")
    deaf = services.enqueue("test.deaf", {"pid": str(tmp_path / "pid")})
    pid = pid_of(tmp_path / "pid")
    services.dismiss(deaf.pk)
    assert finished(services.enqueue("test.echo").pk, within=10).status == Status.SUCCESSFUL
    assert not lives(pid)


def test_the_highest_priority_runs_first(start: Start, tmp_path: Path) -> None:
    start(COAPTURE_JOBS_SLOTS="1")
    inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
    services.enqueue("test.wait", inputs)
    pid_of(tmp_path / "pid")
    log = tmp_path / "log"
    jobs = [
        services.enqueue("test.echo", {"log": str(log), "name": priority}, priority=priority)
        for priority in (1, 9, 0, 5)
    ]
    until(lambda: workers.waiting() == len(jobs))
    (tmp_path / "until").touch()
    for job in jobs:
        finished(job.pk)
    assert log.read_text().split() == ["9", "5", "1", "0"]


def test_a_killed_child_loses_the_attempt_and_not_the_job(start: Start, tmp_path: Path) -> None:
    start()
    job = finished(services.enqueue("test.die", {"log": str(tmp_path / "log"), "times": 2}).pk)
    assert (job.status, job.losses, job.attempts) == (Status.SUCCESSFUL, 2, 0)


def test_a_killed_worker_loses_the_attempt_and_not_the_job(start: Start, tmp_path: Path) -> None:
    first = start()
    inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
    job = services.enqueue("test.wait", inputs)
    pid = pid_of(tmp_path / "pid")
    assert first.process is not None
    first.process.kill()
    (tmp_path / "pid").unlink()
    start()
    assert pid_of(tmp_path / "pid") != pid
    (tmp_path / "until").touch()
    job = finished(job.pk)
    assert (job.status, job.token, job.losses) == (Status.SUCCESSFUL, 2, 1)
    assert not lives(pid)


def test_a_stop_hands_running_jobs_to_another_worker(start: Start, tmp_path: Path) -> None:
    first = start()
    inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
    job = services.enqueue("test.wait", inputs)
    pid_of(tmp_path / "pid")
    assert first.stop() == 0
    (tmp_path / "until").touch()
    start()
    job = finished(job.pk)
    assert (job.status, job.losses, job.attempts) == (Status.SUCCESSFUL, 0, 0)


@pytest.mark.timeout(180)
def test_a_broker_that_is_away_delays_jobs_and_loses_none(
    start: Start, rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    start()
    inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
    running = services.enqueue("test.wait", inputs)
    pid_of(tmp_path / "pid")
    rabbitmq.kill()
    began = time.monotonic()
    accepted = services.enqueue("test.echo")
    assert time.monotonic() - began < 0.5
    (tmp_path / "until").touch()
    assert finished(running.pk).status == Status.SUCCESSFUL
    assert Job.objects.get(pk=accepted.pk).status == Status.ACCEPTED
    rabbitmq.start()
    assert finished(accepted.pk, within=60).status == Status.SUCCESSFUL
    until(lambda: workers.waiting() == 0)
    assert Job.objects.get(pk=running.pk).token == 1


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_celerys_own_worker_runs_jobs(pool: str, celery: Celery, tmp_path: Path) -> None:
    worker = celery("worker", f"--pool={pool}", "--concurrency=2", "--without-mingle")
    inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
    job = services.enqueue("test.wait", inputs)
    os.kill(pid_of(tmp_path / "pid"), signal.SIGKILL)
    (tmp_path / "until").touch()
    job = finished(job.pk)
    assert (job.status, job.losses) == (Status.SUCCESSFUL, 1)
    worker.terminate()
    assert worker.wait(20) == 0
