"""kill -9 of real workers: every job ends, none is lost, none completes twice."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core_api.background import pool, services, workers
from core_api.background.models import Job, Status
from tests.core_api.background.working import SETTINGS, finished, until
from tests.shared import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4

Start = Callable[[], psutil.Process]


@pytest.fixture
def start(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a worker on the test's database and data."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", SETTINGS)
    started: list[subprocess.Popen[bytes]] = []

    def start() -> psutil.Process:
        environment = pool.environment() | {
            "COAPTURE_JOBS_SLOTS": "2",
            "COAPTURE_JOBS_POLL": "0.05",
            "COAPTURE_JOBS_SWEEP": "0.5",
        }
        command = [sys.executable, str(ROOT / "manage.py"), "worker"]
        started.append(subprocess.Popen(command, env=environment))
        return psutil.Process(started[-1].pid)

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_killed_worker_loses_no_job_and_its_children_end(start: Start, tmp_path: Path) -> None:
    inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
    job = services.enqueue("test.wait", inputs)
    worker = start()
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    child = psutil.Process(int((tmp_path / "pid").read_text()))
    worker.kill()
    (tmp_path / "until").touch()
    start()
    job = finished(job.pk)
    assert (job.status, job.token, job.losses) == (Status.SUCCESSFUL, 2, 1)
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_round_after_round_of_kills_every_job_ends_once(start: Start, tmp_path: Path) -> None:
    jobs = []
    for number in range(ROUNDS):
        worker = start()
        until(lambda worker=worker: worker.children())
        for name in range(20):
            inputs = {"log": str(tmp_path / "log"), "name": f"{number}.{name}"}
            jobs.append(services.enqueue("test.echo", inputs))
        half = jobs[-15].pk
        finished(half)
        victim = worker if number % 2 else worker.children()[0]
        victim.kill()
        if victim is not worker:
            worker.send_signal(signal.SIGTERM)
            until(lambda worker=worker: worker.status() == psutil.STATUS_ZOMBIE)
    start()
    for job in jobs:
        row = finished(job.pk)
        assert row.status == Status.SUCCESSFUL
        assert row.outputs == {**job.inputs, "attempt": 1}
    assert {*(tmp_path / "log").read_text().split()} == {job.inputs["name"] for job in jobs}


def test_a_worker_that_is_asked_to_end_gives_its_jobs_back(start: Start, tmp_path: Path) -> None:
    job = services.enqueue("test.deaf", {"pid": str(tmp_path / "pid")})
    worker = start()
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    worker.terminate()
    assert worker.wait(20) == 0
    row = Job.objects.get(pk=job.pk)
    assert (row.status, row.losses, row.attempts, row.worker) == (Status.ACCEPTED, 0, 0, "")
    assert list(workers.folder().iterdir()) == []
