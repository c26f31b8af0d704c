"""Jobs of the tests: run here and now, in this process, in place of a worker."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from collections_app.jobs import processes
from core_api import changes
from core_api.background import problems, results
from core_api.background.models import Job, Status


class FakeRun:
    """What a task sees of its attempt."""

    attempt = 1
    cancelled = False

    def __init__(self, folder: Path, job: Job | None = None, **inputs: Any) -> None:
        self.job_id = str(job.pk) if job else "11111111-1111-7111-8111-111111111111"
        self.token = job.token if job else 1
        self.inputs: Mapping[str, Any] = job.inputs if job else inputs
        self.options: Mapping[str, Any] = job.options if job else {}
        self.folder = folder
        self.told: list[tuple[float, str]] = []

    def progress(self, percent: float, message: str = "", details: Any = None) -> None:
        self.told.append((percent, message))

    def check(self) -> None:
        """Nobody dismisses it."""

    def keep(self, name: str, file: Path, media_type: str) -> Mapping[str, Any]:
        return results.keep(self.job_id, self.token, name, file, media_type)

    def open(self, href: str) -> Path:
        return results.fetch(href, self.folder)


def run(job: Job, folder: Path) -> Job:
    """Run the job's process; the job as it is afterwards."""
    job.refresh_from_db()
    job.token += 1
    job.started = timezone.now()
    process = processes.find(job.task)
    assert process is not None
    try:
        outputs = process.run(FakeRun(folder, job))
    except Exception as error:  # noqa: BLE001
        return end(job, Status.FAILED, error=problems.of(error))
    return end(job, Status.SUCCESSFUL, outputs=outputs, progress=100)


def end(job: Job, status: str, **facts: Any) -> Job:
    """End the job in this way, and say so."""
    for name, value in facts.items():
        setattr(job, name, value)
    job.status, job.finished, job.updated = status, timezone.now(), timezone.now()
    with transaction.atomic():
        job.save()
        changes.publish(job.path)
    return job
