"""Celery as one uses it for work that must not be lost: durable messages, confirmed, late acks."""

import os

from celery import Celery

from bench.peer_jobs import stamps

app = Celery("bench", broker=os.environ.get("BENCH_BROKER"))
app.conf.update(
    broker_transport_options={"confirm_publish": True},
    task_default_queue="bench",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
)


@app.task(name="bench.stamp")
def stamp(number: int) -> None:
    """The job."""
    stamps.write(number)


def enqueue(number: int) -> None:
    """Comes back when the broker has confirmed the message."""
    stamp.delay(number)


def settled() -> bool:
    """No job has a state: when it has run, it is over."""
    return True
