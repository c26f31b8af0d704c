"""A worker: it claims jobs, has them made by its children, and writes how they ended.

Two threads. One minds the children (dispatch) and never waits for the database; this one writes
(ledger): each of its turns is one transaction for all that ended, was said, and is claimed next.
"""

import logging
import selectors
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Self

from django.conf import settings
from django.db import Error, close_old_connections, connections

from core_api.background import leases
from core_api.background.dispatch import Dispatcher
from core_api.background.ledger import Ledger, key
from core_api.background.pace import Pace
from core_api.background.upkeep import Upkeep
from core_api.background.wanted import Wanted
from core_api.background.work import Claim, Ended, Said
from core_api.background.workers import Presence

# Seconds that running jobs get at a stop; the supervisor kills the worker after 2.5.
STOP_WITHIN = 1.5
PAUSE_AFTER_ERROR = 0.5

logger = logging.getLogger("coapture.jobs")


class Runner:
    """Makes whatever is due, or only what is submitted, between `start` and `stop`.

    A context manager, too. `slots` is COAPTURE_JOBS_SLOTS unless it is given.
    """

    def __init__(self, *, claims_all: bool = True, slots: int | None = None) -> None:
        self._claims_all = claims_all
        self._slots = slots or settings.COAPTURE_JOBS_SLOTS
        self._presence = Presence()
        self._dispatcher = Dispatcher(self._presence, self._slots, self._report)
        self._ledger = Ledger()
        self._pace = Pace(self._slots)
        self._upkeep = Upkeep(self._presence.id)
        self._wanted = Wanted()
        self._reports: deque[tuple[Claim, Ended | Said]] = deque()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._presence.bell, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._compare_at = 0.0
        self._stop_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def id(self) -> str:
        """The worker's name in the rows that it has."""
        return self._presence.id

    def start(self) -> None:
        """Begin to work."""
        self._dispatcher.start()
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it works; it falls where the program is wrong."""
        return self._thread.is_alive() and self._dispatcher.alive

    def submit(self, job_id: uuid.UUID) -> "Future[bool]":
        """Make this job as soon as there is a slot for it.

        True when an attempt has ended and that is committed; False where none is made: the job has
        ended, is not due yet, or another worker has it.
        """
        future = self._wanted.add(job_id)
        self._poke()
        return future

    def stop(self, within: float = STOP_WITHIN) -> None:
        """Give running jobs so many seconds, then kill their children and give the jobs back."""
        self._stop_at = time.monotonic() + within
        self._poke()
        self._thread.join()

    def _report(self, claim: Claim, what: Ended | Said) -> None:
        self._reports.append((claim, what))
        self._poke()

    def _poke(self) -> None:
        # Full is as good as rung; closed is past the end.
        with suppress(OSError):
            self._wake.send(b"!")

    def _run(self) -> None:
        try:
            while self._stop_at is None and self._dispatcher.alive:
                self._attempt(self._turn)
                # Who submits jobs sends the next when these are written.
                time.sleep(self._pace.rest if self._claims_all else 0.0)
                self._wait(self._next())
            self._finish()
        finally:
            self._wanted.answer(self._wanted.ids, made=False)
            for part in (self._selector, self._wake, self._woken):
                part.close()
            connections.close_all()

    def _attempt(self, action: Callable[[], None]) -> bool:
        """Do something with the database or the disk; their errors are logged and outwaited."""
        try:
            action()
        except (Error, OSError) as error:
            logger.error("The jobs cannot be read or written: %s", error)
            close_old_connections()
            self._wait(time.monotonic() + PAUSE_AFTER_ERROR)
            return False
        return True

    def _next(self) -> float:
        due = self._ledger.due
        soonest = min(self._upkeep.due, self._compare_at)
        return soonest if due is None else min(due, soonest)

    def _wait(self, until: float) -> None:
        """Wait until then, or until a report or the bell."""
        for ready, _ in self._selector.select(max(0.0, until - time.monotonic())):
            if ready.fileobj is self._woken:
                self._woken.recv(4096)
            else:
                self._presence.bell.clear()
                # It may have rung for a job that was dismissed.
                self._compare_at = 0.0

    def _turn(self) -> None:
        self._write()
        now = time.monotonic()
        if now >= self._upkeep.due:
            close_old_connections()
            self._upkeep.attend()
        if now >= self._compare_at:
            self._compare()
            self._compare_at = now + settings.COAPTURE_JOBS_POLL

    def _write(self) -> None:
        """One transaction; the children hear of it afterwards, and so do those who wait."""
        while self._reports:
            self._ledger.note(*self._reports.popleft())
        ended, claims = self._ledger.turn(self._claim)
        for claim in claims:
            self._dispatcher.give(claim)
        self._pace.learn(ended)
        self._wanted.answer([one.claim.id for one in ended], made=True)
        if not self._claims_all:
            self._wanted.refuse_others({claim.id for claim in self._ledger.running})

    def _claim(self) -> list[Claim]:
        if self._stop_at is not None or not self._dispatcher.able:
            return []
        running = self._ledger.running
        count = self._slots + self._pace.ahead - len(running)
        among = None if self._claims_all else self._wanted.ids
        claims: list[Claim] = []
        # Where the first ones due are all of a class that is full, others may be behind them.
        for _ in range(1 + len(settings.COAPTURE_JOBS_LIMITS)):
            if count <= len(claims) or among == set():
                break
            room = _room([*running, *claims])
            claims += leases.claim(self.id, count - len(claims), room, among)
        return claims

    def _compare(self) -> None:
        """End the attempts at jobs that we do not have any more."""
        running = self._ledger.running
        held = leases.held(self.id) if running else set()
        for claim in running:
            if key(claim) not in held:
                self._dispatcher.cancel(claim)

    def _finish(self) -> None:
        """Give back what has not ended in time; what cannot be written is found by others."""
        self._dispatcher.close()
        while self._attempt(self._write) and not self._ledger.settled and not self._late:
            self._wait(self._stop_at or 0.0)
        self._dispatcher.stop()
        if self._attempt(self._write) and self._ledger.settled:
            self._presence.end()

    @property
    def _late(self) -> bool:
        return self._stop_at is None or time.monotonic() >= self._stop_at


def _room(running: list[Claim]) -> dict[str, int]:
    """How many jobs of each limited class may be claimed."""
    return {
        resource: limit - sum(claim.resource == resource for claim in running)
        for resource, limit in settings.COAPTURE_JOBS_LIMITS.items()
    }
