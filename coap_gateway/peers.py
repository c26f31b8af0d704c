"""Who observes, how much, and who was not heard of for long."""

import time
from collections.abc import Hashable, Iterator
from typing import Any

from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import Limits
from coap_gateway.topics import Observation


class Peers:
    """The observations of each peer, within the limits."""

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self._limits = limits
        self._count = 0
        self._observations: dict[Hashable, list[Observation]] = {}
        self._heard: Expiring[Hashable, Any] = Expiring(limits.observer_silence, clock)

    def __len__(self) -> int:
        """The observations of all."""
        return self._count

    def have_room(self, peer: Hashable) -> bool:
        """Whether the peer may observe more."""
        own = len(self.of(peer))
        return own < self._limits.observers_per_peer and self._count < self._limits.observers

    def of(self, peer: Hashable) -> list[Observation]:
        """The peer's observations."""
        return self._observations.get(peer, [])

    def add(self, observation: Observation) -> None:
        """A new observation, which is a sign of life."""
        self._observations.setdefault(observation.peer, []).append(observation)
        self._count += 1
        self.heard(observation)

    def remove(self, observation: Observation) -> None:
        """An observation ended."""
        own = self._observations[observation.peer]
        own.remove(observation)
        self._count -= 1
        if not own:
            del self._observations[observation.peer]
            self._heard.pop(observation.peer)

    def heard(self, observation: Observation) -> None:
        """The observer gave a sign of life."""
        self._heard.put(observation.peer, observation.pipe.request.remote)

    def silent(self) -> Iterator[Any]:
        """The remotes of those who gave no sign of life for `observer_silence` seconds.

        Each is due again after as many seconds.
        """
        for peer, remote in list(self._heard.expired()):
            self._heard.put(peer, remote)
            yield remote
