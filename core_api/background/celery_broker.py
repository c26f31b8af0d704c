"""A connection to the broker (RabbitMQ), for those who tell it of jobs."""

import logging
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from kombu.exceptions import KombuError

from core_api.background.celery_tasks import run_job
from core_api.celery import PATIENCE, QUEUE, app

T = TypeVar("T")
Message = tuple[uuid.UUID, int]

logger = logging.getLogger("coapture.jobs")


class Unreachable(Exception):
    """The broker is not there, or does not do what it is asked."""


class Line:
    """A connection that is made when it is needed, and again when it was lost; for one thread."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._producer: Any = None
        # Publisher confirms: tags count from 1 in each channel.
        self._sent = 0
        self._unconfirmed: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def tell(self, messages: Sequence[Message]) -> list[uuid.UUID]:
        """Publish ids of jobs with their priorities; gives those that the broker has on its disk.

        It ends, with a word in the log, at the first that fails.
        """
        told: list[uuid.UUID] = []
        try:
            # A connection that was idle may have been cut long ago.
            if self._connection is not None and self._attempt(messages, told):
                return told
            self._guarded(lambda: self._publish(messages[len(told) :], told))
        except Unreachable as error:
            logger.warning("The broker cannot be told of jobs now: %s", error)
        return told

    def _attempt(self, messages: Sequence[Message], told: list[uuid.UUID]) -> bool:
        with suppress(Unreachable):
            self._guarded(lambda: self._publish(messages, told))
            return True
        return False

    def _publish(self, messages: Sequence[Message], told: list[uuid.UUID]) -> None:
        """Send all, then wait for the broker's word: a message on the disk takes milliseconds."""
        first = self._sent + 1
        try:
            for job_id, priority in messages:
                run_job.apply_async((str(job_id),), priority=priority, producer=self._producer)
                self._sent += 1
                self._unconfirmed.add(self._sent)
            while self._unconfirmed:
                self._connection.drain_events(timeout=PATIENCE)
        finally:
            done = next(iter(sorted(self._unconfirmed)), self._sent + 1)
            told += [job_id for job_id, _ in messages[: done - first]]

    def waiting(self) -> int:
        """How many messages no worker has taken yet; Unreachable where nobody can say."""

        def count() -> int:
            with self._connection.channel() as channel:
                queue = app.amqp.queues[QUEUE](channel)
                queue.declare()
                return int(queue.queue_declare(passive=True).message_count)

        return self._guarded(count)

    def _guarded(self, action: Callable[[], T]) -> T:
        try:
            self._open()
            return action()
        except _errors(self._connection) as error:
            self.close()
            raise Unreachable(str(error) or type(error).__name__) from error

    def _open(self) -> None:
        if self._connection is not None:
            return
        # We wait for the confirms of many messages together.
        self._connection = app.connection_for_write(transport_options={"confirm_publish": False})
        self._connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
        # The default channel would wait for a broker that goes away just now.
        channel = self._connection.channel()
        channel.confirm_select()
        channel.events["basic_ack"].add(self._confirmed)
        channel.events["basic_nack"].add(self._refused)
        self._producer = app.amqp.Producer(channel)
        self._sent = 0
        self._unconfirmed.clear()

    def _confirmed(self, tag: int, multiple: bool) -> None:
        upto = {one for one in self._unconfirmed if one <= tag} if multiple else {tag}
        self._unconfirmed -= upto

    def _refused(self, tag: int, multiple: bool) -> None:  # noqa: ARG002
        raise KombuError("The broker refuses the message.")

    def close(self) -> None:
        """Close the connection; the next call makes another one."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            with suppress(OSError, KombuError):
                connection.release()


def _errors(connection: Any) -> tuple[type[BaseException], ...]:
    """What the connection's library raises."""
    if connection is None:
        return OSError, KombuError
    return OSError, KombuError, *connection.connection_errors, *connection.channel_errors
