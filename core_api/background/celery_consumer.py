"""Celery's consumer in a thread of `coapture worker`, which has the signals and the log."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from celery.worker import state
from django.conf import settings

from core_api.background import celery_engine
from core_api.background.celery_runner import running
from core_api.background.celery_tasks import run_job
from core_api.background.runner import Runner

# Seconds at a stop, after the Runner's, in which messages are acknowledged and published.
STOP_WITHIN = 0.4


class Consumer:
    """Takes messages from the broker, at most `slots` at once, each into a thread."""

    def __init__(self, runner: Runner, slots: int) -> None:
        self._runner = runner
        self._controller = run_job.app.WorkController(
            pool="threads",
            concurrency=slots,
            hostname=runner.id,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self._thread = threading.Thread(target=self._controller.start, name="celery", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it takes messages, or waits for the broker, and jobs are run."""
        return self._thread.is_alive() and self._runner.alive

    def start(self) -> None:
        """Begin to take messages."""
        state.should_stop = None
        self._thread.start()

    def close(self) -> None:
        """Take no more messages; those that were not acknowledged go back to the broker."""
        state.should_stop = 0
        # It may sleep for a second before it looks.
        self._controller.hub.call_soon(lambda: None)

    def join(self, within: float) -> bool:
        """Wait for the end, which is that of the attempts at hand; whether it has come."""
        self._thread.join(within)
        return not self._thread.is_alive()


@contextmanager
def working() -> Iterator[Consumer]:
    """Run jobs while the block runs; at its end the attempts are over, or given back."""
    slots = settings.COAPTURE_JOBS_SLOTS
    with running(slots, {}) as runner:
        consumer = Consumer(runner, slots)
        consumer.start()
        try:
            yield consumer
        finally:
            consumer.close()
            runner.stop()
            # What still comes goes back to the broker as long as there is a Runner to say so.
            consumer.join(STOP_WITHIN / 2)
    celery_engine.flush(STOP_WITHIN / 2)
