"""Messages received lately, so that a repeated one is answered from memory (RFC 7252 4.5)."""

import time
from collections.abc import Hashable

from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import EXCHANGE_LIFETIME

# What an entry costs in Python beside its answer: key, order, deadline.
ENTRY_BYTES = 600


class RecentMessages:
    """The messages of the last EXCHANGE_LIFETIME and their answers, within `budget` bytes.

    When the budget is spent the oldest are forgotten: a message that is repeated after that is
    handled again.
    """

    def __init__(self, budget: int, clock: Clock = time.monotonic) -> None:
        self._budget = budget
        self._used = 0
        self._answers: Expiring[Hashable, bytes] = Expiring(EXCHANGE_LIFETIME, clock)

    @property
    def used(self) -> int:
        """Bytes that are spent, by estimate."""
        return self._used

    def answer_to(self, key: Hashable) -> bytes | None:
        """The answer to a message that is known (b"" where none was sent yet); None for a new one.

        A new message is known from now on.
        """
        known = self._answers.get(key)
        if known is None:
            self._forget(self._answers.pop(key))
            self._answers.put(key, b"")
            self._used += ENTRY_BYTES
            self._keep_to_budget()
        return known

    def keep(self, key: Hashable, answer: bytes) -> None:
        """Keep the encoded answer to a message that is known."""
        former = self._answers.update(key, answer)
        if former is not None:
            self._used += len(answer) - len(former)
            self._keep_to_budget()

    def expire(self) -> None:
        """Forget what is older than EXCHANGE_LIFETIME."""
        for _, answer in self._answers.expired():
            self._forget(answer)

    def _keep_to_budget(self) -> None:
        while self._used > self._budget and len(self._answers):
            self._forget(self._answers.pop_oldest()[1])

    def _forget(self, answer: bytes | None) -> None:
        if answer is not None:
            self._used -= ENTRY_BYTES + len(answer)
