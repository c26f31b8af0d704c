"""What a worker has, and what is yet to be written of it: each turn is one transaction."""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from django.db import DataError, transaction

from core_api.background import endings, leases, problems, results
from core_api.background.work import Claim, End, Ended, Said

# Seconds between two writings of one job's progress.
SAY_EVERY = 0.5

logger = logging.getLogger("coapture.jobs")
Key = tuple[uuid.UUID, int]


def key(claim: Claim) -> Key:
    """What tells this attempt from all others."""
    return claim.id, claim.token


class Ledger:
    """The attempts of a worker; it belongs to one thread.

    Where a transaction fails, everything is as before and is written by the next turn.
    """

    def __init__(self) -> None:
        self._held: dict[Key, Claim] = {}
        self._ended: list[Ended] = []
        self._said: dict[Key, Said] = {}
        self._said_at: dict[Key, float] = {}

    def note(self, claim: Claim, what: Ended | Said) -> None:
        """Remember what an attempt said, or its end, for the next turn."""
        if isinstance(what, Ended):
            self._ended.append(what)
        else:
            self._said[key(claim)] = _merged(self._said.get(key(claim)), what)

    @property
    def running(self) -> list[Claim]:
        """The attempts that have not ended, those among them that wait for a child too."""
        ended = {key(one.claim) for one in self._ended}
        return [claim for one, claim in self._held.items() if one not in ended]

    @property
    def settled(self) -> bool:
        """Whether every attempt has ended, and that is written."""
        return not self._held

    @property
    def due(self) -> float | None:
        """When (of time.monotonic) there is something to write; None where there is nothing."""
        if self._ended:
            return 0.0
        return min((self._next_saying(one) for one in self._said), default=None)

    def turn(self, claim: Callable[[], list[Claim]]) -> tuple[Sequence[Ended], list[Claim]]:
        """Write what there is and call `claim`, in one transaction: what ended, what is new."""
        try:
            return self._turn(list(self._ended), claim)
        except DataError as error:
            logger.error("The database refuses what a task gave: %s", error)
        # What it refuses is found by writing one by one; progress is not worth that.
        self._said.clear()
        ended = [self._alone(one) for one in list(self._ended)]
        return ended, self._turn([], claim)[1]

    def _turn(
        self, ended: Sequence[Ended], claim: Callable[[], list[Claim]]
    ) -> tuple[Sequence[Ended], list[Claim]]:
        said = self._due_to_say(ended)
        with transaction.atomic():
            for one in said:
                leases.say(self._held[one], self._said[one])
            endings.publish(one[0] for one in said if self._held[one].is_process)
            written = endings.write(ended)
            claims = claim()
            endings.publish(one.id for one in claims if one.is_process)
        self._said_at |= dict.fromkeys(said, time.monotonic())
        for one in said:
            del self._said[one]
        for end in ended:
            self._settle(end, end in written)
        self._held |= {key(one): one for one in claims}
        return ended, claims

    def _alone(self, one: Ended) -> Ended:
        try:
            self._turn([one], list)
        except DataError:
            self._ended.remove(one)
            one = replace(
                one, end=End.FAILED, outputs=None, problem=problems.not_kept(), pause=None
            )
            self._ended.append(one)
            self._turn([one], list)
        return one

    def _settle(self, one: Ended, written: bool) -> None:
        """Forget an attempt; its results are of no use unless it ended the job."""
        self._ended.remove(one)
        self._held.pop(key(one.claim), None)
        self._said.pop(key(one.claim), None)
        self._said_at.pop(key(one.claim), None)
        if one.end is not End.RETURNED and not (one.end is End.SUCCESSFUL and written):
            # What cannot be removed now is a leftover that cleanup finds.
            with suppress(OSError):
                results.remove(one.claim.id, one.claim.token)

    def _due_to_say(self, ended: Sequence[Ended]) -> list[Key]:
        over = {key(one.claim) for one in ended}
        now = time.monotonic()
        for one in self._said.keys() - self._held.keys():
            del self._said[one]
        # What an attempt said last is written with its end.
        return [one for one in self._said if one in over or self._next_saying(one) <= now]

    def _next_saying(self, one: Key) -> float:
        return self._said_at.get(one, -SAY_EVERY) + SAY_EVERY


def _merged(former: Said | None, said: Said) -> Said:
    if former is None:
        return said
    return Said(
        said.percent,
        said.message or former.message,
        former.details if said.details is None else said.details,
    )
