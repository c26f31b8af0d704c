"""A mapping whose entries end a fixed time after they were put."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Clock = Callable[[], float]


class Expiring(Generic[K, V]):
    """Entries in the order in which they were put last, the oldest first.

    `lifetime` is in seconds of `clock`. An entry whose time is over is found no longer; it is
    let go by `expired`, so that its owner can account for it.
    """

    def __init__(self, lifetime: float, clock: Clock = time.monotonic) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The entry; None where there is none or its time is over."""
        deadline, value = self._entries.get(key, (0.0, None))
        return value if deadline > self._clock() else None

    def remaining(self, key: K) -> float:
        """Seconds until the entry ends; zero or less where there is none that lives."""
        return self._entries[key][0] - self._clock() if key in self._entries else 0.0

    def put(self, key: K, value: V) -> None:
        """Add or replace an entry; it is the newest now."""
        self._entries[key] = (self._clock() + self._lifetime, value)
        self._entries.move_to_end(key)

    def update(self, key: K, value: V) -> V | None:
        """Replace the value of an entry that keeps its age; the former one, None if missing."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries[key] = (found[0], value)
        return found[1]

    def pop(self, key: K) -> V | None:
        """Remove an entry and give it; None where there is none."""
        return self._entries.pop(key, (0.0, None))[1]

    def oldest(self) -> K:
        """The key of the oldest entry; StopIteration where there is none."""
        return next(iter(self._entries))

    def pop_oldest(self) -> tuple[K, V]:
        """Remove the oldest entry and give it; KeyError where there is none."""
        key, (_, value) = self._entries.popitem(last=False)
        return key, value

    def expired(self) -> Iterator[tuple[K, V]]:
        """Remove and give every entry whose time is over."""
        now = self._clock()
        while self._entries:
            key, (deadline, value) = next(iter(self._entries.items()))
            if deadline > now:
                return
            del self._entries[key]
            yield key, value
