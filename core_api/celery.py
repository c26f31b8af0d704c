"""The Celery application: `celery -A core_api.celery worker`, and `... beat`.

It moves ids of jobs from those who accept them to those who run them; the jobs lie in the database.
"""

import os
from typing import Any

import django
from celery import Celery, signals
from django.apps import apps
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core_api.settings")

QUEUE = settings.COAPTURE_BROKER_QUEUE
# Of jobs (core_api.background.models, which cannot be imported before Django is set up).
HIGHEST_PRIORITY = 9
DEFAULT_PRIORITY = 5
# Seconds for a connection to the broker, and for its word that it has a message.
PATIENCE = 5.0

# Django's fixup would set up what is set up here and in the runner, once more for each task.
app = Celery("coapture", fixups=(), include=["core_api.background.celery_tasks"])
app.conf.update(
    broker_url=settings.COAPTURE_BROKER_URL,
    broker_connection_timeout=PATIENCE,
    broker_connection_max_retries=None,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True},
    enable_utc=True,
    timezone="UTC",
    task_default_queue=QUEUE,
    task_queue_max_priority=HIGHEST_PRIORITY,
    task_default_priority=DEFAULT_PRIORITY,
    task_ignore_result=True,
    # A message is taken off the queue when its job has ended: a worker that dies leaves it there.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    # What waits in a worker's memory is overtaken by nothing, and run by nobody else.
    worker_prefetch_multiplier=1,
    worker_enable_prefetch_count_reduction=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
)


def _leave_logging_alone(**_: Any) -> None:
    """Where this is connected, Celery leaves the log to Django's settings."""


signals.setup_logging.connect(_leave_logging_alone)


if not apps.ready:
    django.setup()
