"""How many messages a peer may send: a token bucket for each (RFC 8516)."""

import math
import time
from dataclasses import dataclass

from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import Limits
from coap_gateway.networks import Networks


@dataclass(slots=True)
class Bucket:
    """The tokens that were there at a time; nobody is told anything before `quiet_until`."""

    tokens: float
    filled_at: float
    quiet_until: float


class Rates:
    """The buckets of the peers that sent something lately; a rate of 0 is no limit."""

    def __init__(self, limits: Limits, networks: Networks, clock: Clock = time.monotonic) -> None:
        self._rate = limits.rate
        self._burst = limits.burst
        self._peers = limits.verified
        self._networks = networks
        self._clock = clock
        # A bucket that is left alone for so long is full and quiet no longer, as a new one is.
        lifetime = (limits.burst + 1) / limits.rate + 1 if limits.rate else 0.0
        self._buckets: Expiring[str, Bucket] = Expiring(lifetime, clock)

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, host: str) -> float:
        """Take a token for a message from this address: 0, or the seconds until there is one."""
        group = self._networks.group(host)
        if group is None or not self._rate:
            return 0.0
        bucket = self._bucket(group)
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._rate
        bucket.tokens -= 1
        return 0.0

    def retry_after(self, host: str) -> int | None:
        """The Max-Age to tell a peer that has to wait; None where it was told that lately."""
        now = self._clock()
        bucket = self._bucket(self._networks.group(host) or host)
        if now < bucket.quiet_until:
            return None
        seconds = max(1, math.ceil((1 - bucket.tokens) / self._rate))
        bucket.quiet_until = now + seconds
        return seconds

    def expire(self) -> None:
        """Forget the buckets that are full again."""
        for _ in self._buckets.expired():
            pass

    def _bucket(self, group: str) -> Bucket:
        """The bucket of a peer, filled up to now."""
        now = self._clock()
        bucket = self._buckets.get(group)
        if bucket is None:
            if len(self._buckets) >= self._peers:
                self._buckets.pop_oldest()
            bucket = Bucket(self._burst, now, now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._rate)
        bucket.filled_at = now
        self._buckets.put(group, bucket)
        return bucket
