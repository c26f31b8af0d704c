"""Which peers have their address, and what the others get (RFC 9175 section 2.6)."""

import time
from typing import Any, NamedTuple

from aiocoap import Message

from coap_gateway.echo import Echoes
from coap_gateway.endpoints import host_of
from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import Limits
from coap_gateway.networks import Networks

# Bytes of UDP payload that anybody may get, and how often those of the request.
SMALL = 136
FACTOR = 3
# Seconds for which a peer that returned an Echo is not asked again.
VERIFIED_FOR = 3600.0
# The largest Block1 option: it is put into an answer after that was made to fit.
BLOCK1_BYTES = 4
HEADER_BYTES = 4


class Allowance(NamedTuple):
    """What a peer gets whose address may be another's: bytes of one answer, and an Echo value."""

    size: int
    echo: bytes


class Verification:
    """Knows the peers that returned an Echo value; over TCP and in trusted networks all are known.

    An address counts, not its port: whoever it was has got something that was sent there.
    """

    def __init__(
        self,
        limits: Limits,
        networks: Networks,
        echoes: Echoes,
        clock: Clock = time.monotonic,
    ) -> None:
        self._limits = limits
        self._networks = networks
        self._echoes = echoes
        self._verified: Expiring[str, bool] = Expiring(VERIFIED_FOR, clock)

    def __len__(self) -> int:
        return len(self._verified)

    def allowance(self, request: Message) -> Allowance | None:
        """What the request's peer may get in one answer; None where it is verified."""
        host = host_of(request)
        if request.remote.scheme != "coap" or self._networks.trusts(host):
            return None
        if self._verified.get(host) or self._verify(host, request.opt.echo):
            return None
        size = _share(request)
        if request.opt.block1 is not None:
            size -= BLOCK1_BYTES
        return Allowance(size, self._echoes.value(host))

    def may_get(self, request: Message, size: int) -> bool:
        """Whether an answer of so many bytes may be sent (again) to the request's peer."""
        return self.allowance(request) is None or size <= _share(request)

    def expire(self) -> None:
        """Forget whom was verified long ago."""
        for _ in self._verified.expired():
            pass

    def _verify(self, host: str, value: bytes | None) -> bool:
        if value is None or not self._echoes.knows(host, value):
            return False
        if len(self._verified) >= self._limits.verified:
            self._verified.pop_oldest()
        self._verified.put(host, True)
        return True


def _share(request: Message) -> int:
    """Bytes that anybody may get for this request."""
    return max(SMALL, FACTOR * size_of(request, request.token))


def size_of(message: Any, token: bytes) -> int:
    """The bytes of a message in a datagram, if it has this token."""
    payload = len(message.payload) + 1 if message.payload else 0
    return HEADER_BYTES + len(token) + len(message.opt.encode()) + payload
