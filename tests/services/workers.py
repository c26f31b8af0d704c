"""Real workers on the test's own database, of either engine."""

from contextlib import suppress
from pathlib import Path

import psutil

from core_api.background.celery_broker import Line
from core_api.celery import QUEUE
from tests.e2e.server import Server
from tests.services import databases
from tests.services.rabbitmq import RabbitMQ


def environment(settings_module: str, broker: RabbitMQ | None = None) -> dict[str, str]:
    """What a worker must know; with a broker it is one of Celery. It looks often."""
    engine = {"COAPTURE_JOBS_ENGINE": "embedded"}
    if broker is not None:
        engine = {
            "COAPTURE_JOBS_ENGINE": "celery",
            "COAPTURE_BROKER_URL": broker.url,
            "COAPTURE_BROKER_QUEUE": QUEUE,
        }
    return engine | {
        "DJANGO_SETTINGS_MODULE": settings_module,
        "DATABASE_URL": databases.url(),
        "COAPTURE_JOBS_SCHEDULE": "false",
        "COAPTURE_JOBS_SLOTS": "2",
        "COAPTURE_JOBS_POLL": "0.1",
        "COAPTURE_JOBS_SWEEP": "1",
    }


class Worker(Server):
    """A `coapture worker`."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        super().__init__(data, "worker", environment=environment)

    def children_at_work(self) -> list[psutil.Process]:
        """The processes in which it runs tasks."""
        assert self.process is not None
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children()
        return []


def waiting() -> int:
    """How many messages are in the queue of the broker that this process uses."""
    with Line() as line:
        return line.waiting()
