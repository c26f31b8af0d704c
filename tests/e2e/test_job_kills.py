"""kill -9 of workers and of their children in the middle of jobs, under both engines."""

import os
import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from django.db import connection
from pytest_django import Settings

from core_api.background import cleanup, results, services, tasks
from core_api.background.models import FINISHED, Job, Status
from tests.e2e.server import wait_until
from tests.e2e.signing.tasks import LINES, SIGN, register
from tests.services.rabbitmq import RabbitMQ
from tests.services.workers import Worker, environment

ROUNDS = int(os.environ.get("COAPTURE_KILL_ROUNDS", "5"))
# Jobs that are accepted in each round, and that may be unfinished at its beginning.
JOBS = 4
WORKERS = 2

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(120 + 10 * ROUNDS),
]


# A session of the embedded engine tests both, with a broker that is started for this.
EMBEDDED = pytest.param("embedded", marks=pytest.mark.only_embedded("needs no broker"))


@pytest.fixture(params=[EMBEDDED, "celery"])
def broker(request: pytest.FixtureRequest) -> RabbitMQ | None:
    """The broker, where the engine has one."""
    return request.getfixturevalue("celery_broker") if request.param == "celery" else None


class Site:
    """Two workers with one data folder; one that was killed is replaced."""

    def __init__(self, data: Path, broker: RabbitMQ | None) -> None:
        self._data = data
        self._environment = environment("tests.e2e.signing.settings", broker)
        self.workers = [self._started() for _ in range(WORKERS)]

    def _started(self) -> Worker:
        worker = Worker(self._data, self._environment)
        worker.start()
        return worker

    def kill_worker(self) -> None:
        """kill -9 of one, which leaves its children to the kernel."""
        number = random.randrange(WORKERS)
        process = self.workers[number].process
        assert process is not None
        process.kill()
        process.wait()
        self.workers[number] = self._started()

    def kill_child(self) -> None:
        """kill -9 of a process in which a task runs."""
        wait_until(self._children, "a worker has a child")
        for child in random.sample(self._children(), 1):
            child.kill()

    def _children(self) -> list[psutil.Process]:
        return [child for worker in self.workers for child in worker.children_at_work()]


@pytest.fixture
def site(
    transactional_db: None, settings: Settings, tmp_path: Path, broker: RabbitMQ | None
) -> Iterator[Site]:
    register()
    settings.COAPTURE_DATA = tmp_path / "data"
    site = Site(settings.COAPTURE_DATA, broker)
    yield site
    for worker in site.workers:
        worker.kill()
    tasks.forget(SIGN.name)


class Witness:
    """Sees every end of every job: one that ends twice has two."""

    def __init__(self) -> None:
        self.ends: defaultdict[UUID, set[object]] = defaultdict(set)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        rows = Job.objects.filter(status__in=FINISHED)
        while not self._stop.wait(0.02):
            for job_id, *end in rows.values_list("pk", "status", "token", "finished"):
                self.ends[job_id].add(tuple(end))
        connection.close()


def unfinished() -> int:
    return Job.objects.exclude(status__in=FINISHED).count()


def is_running() -> bool:
    return Job.objects.filter(status=Status.RUNNING).exists()


def assert_whole(job: Job) -> None:
    """It was successful, and its outputs are those of the attempt that ended it."""
    assert job.status == Status.SUCCESSFUL, job.error
    assert job.outputs is not None
    attempt = f"{job.pk}.{job.token}"
    assert job.outputs["attempt"] == attempt
    with results.find(job.pk, "signed.txt") as file:
        assert file.read().decode() == f"{attempt}\n" * LINES


def test_every_job_ends_once_and_is_whole(site: Site) -> None:
    with Witness() as witness:
        for number in range(ROUNDS):
            wait_until(lambda: unfinished() < JOBS, "the jobs go on", 60)
            for _ in range(JOBS):
                services.enqueue(SIGN.name)
            wait_until(is_running, "a job runs", 60)
            (site.kill_child if number % 2 else site.kill_worker)()
        wait_until(lambda: unfinished() == 0, "every job has ended", 60)
    jobs = list(Job.objects.all())
    assert len(jobs) == ROUNDS * JOBS
    for job in jobs:
        assert_whole(job)
        assert len(witness.ends[job.pk]) <= 1
    assert sum(job.losses for job in jobs) > 0
    cleanup.remove_leftovers()
    assert {job_id: results.folders(job_id) for job_id in results.folders()} == {
        str(job.pk): [str(job.token)] for job in jobs
    }
