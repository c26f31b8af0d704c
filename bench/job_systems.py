"""Starting the workers of the job systems that the bench compares, each with two jobs at a time."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from bench.load import BenchError
from bench.peer_jobs.stamps import VARIABLE
from bench.servers import ROOT, environment, running

PYTHON = sys.executable
# Where a worker polls: how often, in seconds.
LOOK = "0.01"
WARM_UP = 20
# For the processes of a worker that are not the first to be ready.
SETTLE = 1.0
ASK_WITHIN = 120.0


@dataclass(frozen=True)
class System:
    """One job system: the module of its client, its workers, and the environment of both.

    `needs` is the package that may be missing; `prepare` is run once, before the first worker.
    """

    name: str
    module: str
    folder: Path
    workers: tuple[tuple[str, ...], ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    prepare: tuple[str, ...] = ()
    needs: str = ""

    @property
    def missing(self) -> bool:
        """Whether its package is not installed."""
        return bool(self.needs) and find_spec(self.needs) is None

    @property
    def environment(self) -> dict[str, str]:
        """What its processes get."""
        data = {"PEER_DATA": str(self.folder), VARIABLE: str(self.folder / "stamps")}
        return {**data, **self.settings}

    def make(self) -> None:
        """Make its folder and database."""
        self.folder.mkdir(parents=True)
        if self.prepare:
            self._run(self.prepare)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Its workers, warmed up."""
        with ExitStack() as workers:
            for number, command in enumerate(self.workers):
                place = self.folder / f"worker-{number}"
                workers.enter_context(running([*command], place, lambda: True, self.environment))
            self.ask("burst", WARM_UP)
            time.sleep(SETTLE)
            yield

    def ask(self, what: str, count: int) -> dict[str, float]:
        """What the client measures; BenchError where it cannot."""
        command = (PYTHON, "-m", "bench.peer_jobs.client", self.module, what, str(count))
        found: dict[str, float] = json.loads(self._run(command))
        return found

    def _run(self, command: tuple[str, ...]) -> str:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(self.folder) | self.environment,
            capture_output=True,
            text=True,
            timeout=ASK_WITHIN,
        )
        if done.returncode:
            raise BenchError(f"{self.name}: {done.stderr}")
        return done.stdout


def embedded(folder: Path) -> System:
    """Ours without a broker."""
    return _ours("ours, embedded", folder, {})


def on_celery(folder: Path, broker: str) -> System:
    """Ours on Celery."""
    engine = {"COAPTURE_JOBS_ENGINE": "celery", "COAPTURE_BROKER_URL": broker}
    return _ours("ours, on Celery", folder, engine)


def _ours(name: str, folder: Path, engine: Mapping[str, str]) -> System:
    settings = {
        "COAPTURE_DATA": str(folder),
        "COAPTURE_JOBS_SLOTS": "2",
        "DJANGO_SETTINGS_MODULE": "bench.peer_jobs.our_settings",
    }
    return System(
        name,
        "bench.peer_jobs.ours",
        folder,
        ((PYTHON, "manage.py", "worker"),),
        {**settings, **engine},
        (PYTHON, "manage.py", "migrate", "--verbosity", "0"),
        "celery" if engine else "",
    )


def plain_celery(folder: Path, broker: str) -> System:
    """Celery by itself: two processes, messages confirmed by the broker, acknowledged late."""
    app = (PYTHON, "-m", "celery", "--app", "bench.peer_jobs.plain_celery")
    worker = (*app, "worker", "--concurrency", "2", "--loglevel", "warning")
    module, settings = "bench.peer_jobs.plain_celery", {"BENCH_BROKER": broker}
    return System("Celery, RabbitMQ", module, folder, (worker,), settings, needs="celery")


def huey(folder: Path) -> System:
    """huey on SQLite, with two processes."""
    module = "bench.peer_jobs.huey_jobs"
    command = (PYTHON, "-m", "huey.bin.huey_consumer", f"{module}.huey", "--quiet")
    polling = ("--delay", LOOK, "--max-delay", LOOK)
    worker = (*command, "--workers", "2", "--worker-type", "process", *polling)
    return System("huey, SQLite", module, folder, (worker,), needs="huey")


def django_tasks(folder: Path) -> System:
    """django-tasks-db on SQLite: two of its workers, which make one job at a time."""
    django = (PYTHON, "-m", "django")
    worker = (*django, "db_worker", "--interval", LOOK, "--no-startup-delay")
    return System(
        "django-tasks-db, SQLite",
        "bench.peer_jobs.django_tasks_jobs",
        folder,
        (worker, worker),
        {"DJANGO_SETTINGS_MODULE": "bench.peer_jobs.django_tasks_settings"},
        (*django, "migrate", "--verbosity", "0"),
        "django_tasks",
    )
