"""Our engine, embedded or Celery: a row for each job, durable before the call comes back."""

from core_api.background import services
from core_api.background.models import ACTIVE, Job


def enqueue(number: int) -> None:
    """Accept one job."""
    services.enqueue("bench.stamp", {"number": number})


def settled() -> bool:
    """Whether every job has ended, and that is committed."""
    return not Job.objects.filter(task="bench.stamp", status__in=ACTIVE).exists()
