"""Tasks in the database (django-tasks-db): a row for each, which keeps its state and result."""

from django_tasks import task
from django_tasks_db.models import DBTaskResult

from bench.peer_jobs import stamps


@task()
def stamp(number: int) -> None:
    """The job."""
    stamps.write(number)


def enqueue(number: int) -> None:
    """Comes back when the row is committed."""
    stamp.enqueue(number)


def settled() -> bool:
    """Whether every task has ended, and that is committed."""
    return not DBTaskResult.objects.filter(finished_at=None).exists()
