"""Which engine runs the tests' jobs: the embedded one, or Celery under `--engine=celery`."""

import os
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from tests.services.rabbitmq import RabbitMQ

EMBEDDED, CELERY = "embedded", "celery"


def use(broker: "RabbitMQ") -> None:
    """Let this process's tests, and the programs that they start, run jobs over the broker.

    To be called before core_api.celery is imported.
    """
    os.environ["COAPTURE_JOBS_ENGINE"] = settings.COAPTURE_JOBS_ENGINE = CELERY
    os.environ["COAPTURE_BROKER_URL"] = settings.COAPTURE_BROKER_URL = broker.url


def chosen() -> str:
    """The engine of the test that runs."""
    return str(settings.COAPTURE_JOBS_ENGINE)
