"""What TCP connections may cost: how many there are, and how long one is waited for."""

import time
from collections import Counter

from coap_gateway.expiring import Clock
from coap_gateway.limits import Limits
from coap_gateway.networks import Networks


class Census:
    """The number of connections, in all and of each peer that is not trusted."""

    def __init__(self, limits: Limits, networks: Networks) -> None:
        self._limits = limits
        self._networks = networks
        self._count = 0
        self._peers: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._count

    def enter(self, host: str) -> bool:
        """Count a new connection from this address; False where there are too many."""
        group = self._networks.group(host)
        if self._count >= self._limits.connections:
            return False
        if group is not None:
            if self._peers[group] >= self._limits.connections_per_peer:
                return False
            self._peers[group] += 1
        self._count += 1
        return True

    def leave(self, host: str) -> None:
        """A connection that was counted has ended."""
        self._count -= 1
        group = self._networks.group(host)
        if group is not None:
            self._peers[group] -= 1
            if not self._peers[group]:
                del self._peers[group]


class Patience:
    """How long one connection is waited for, in a stall and without a message."""

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self._stall = limits.connection_stall
        self._idle = limits.connection_idle
        self._clock = clock
        self._moved = self._used = clock()
        self._unsent = 0

    def heard(self) -> None:
        """Some bytes came."""
        self._moved = self._clock()

    def used(self) -> None:
        """A whole message came."""
        self._used = self._clock()

    def is_stalled(self, unsent: int, *, owes: bool) -> bool:
        """Whether nothing has moved for too long; to be asked again and again.

        `unsent` are the bytes that wait for the peer to read, `owes` says that it has to go on
        sending.
        """
        now = self._clock()
        if unsent < self._unsent or not (unsent or owes):
            self._moved = now
        self._unsent = unsent
        return now - self._moved > self._stall

    def is_idle(self) -> bool:
        """Whether no whole message came for too long."""
        return self._clock() - self._used > self._idle
