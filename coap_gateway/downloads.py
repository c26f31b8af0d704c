"""Replies larger than a block, held so that the next blocks need no Django (RFC 7959 Block2)."""

import time
from collections import Counter
from dataclasses import replace
from typing import Any

from aiocoap import Message

from coap_gateway.amplification import fit
from coap_gateway.blocks import Block, transfer_key
from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import EXCHANGE_LIFETIME
from coap_gateway.replies import Reply, payload_etag
from coap_gateway.verification import Allowance

# Seconds that a reply is kept after its last block was fetched.
LINGER = 10.0


class Downloads:
    """The replies that are being fetched, within `budget` bytes; the longest unused goes first.

    A block of a reply that is gone makes the gateway ask Django again; the ETag tells the client
    whether it still is the same representation. What many observers fetch at once is one payload.
    """

    def __init__(self, budget: int, clock: Clock = time.monotonic) -> None:
        self._budget = budget
        self._used = 0
        self._holders: Counter[int] = Counter()
        self._active: Expiring[bytes, Reply] = Expiring(EXCHANGE_LIFETIME, clock)
        self._fetched: Expiring[bytes, Reply] = Expiring(LINGER, clock)

    @property
    def used(self) -> int:
        """Bytes that are held."""
        return self._used

    def begin(
        self,
        request: Message,
        reply: Reply,
        wanted: Block | None,
        allowance: Allowance | None = None,
    ) -> Message:
        """The block of a new reply that the request wants; the reply is held where more follow."""
        message = fit(reply, wanted, request, allowance)
        if message.opt.block2 is not None:
            whole = replace(reply, etag=reply.etag or payload_etag(reply.payload))
            self._hold(transfer_key(request), whole, last=not message.opt.block2.more)
        return message

    def resume(
        self, request: Message, wanted: Block, allowance: Allowance | None = None
    ) -> Message | None:
        """The wanted block of a reply that is held; None where none is."""
        key = transfer_key(request)
        reply = self._active.get(key) or self._fetched.get(key)
        if reply is None:
            return None
        message = fit(reply, wanted, request, allowance)
        self._hold(key, reply, last=not _more(message))
        return message

    def expire(self) -> None:
        """Let go of what nobody has fetched a block of for long."""
        for held in (self._active, self._fetched):
            for _, reply in held.expired():
                self._let_go(reply.payload)

    def _hold(self, key: bytes, reply: Reply, *, last: bool) -> None:
        for held in (self._active, self._fetched):
            former = held.pop(key)
            if former is not None:
                self._let_go(former.payload)
        (self._fetched if last else self._active).put(key, reply)
        self._take(reply.payload)
        while self._used > self._budget:
            oldest = self._fetched if len(self._fetched) else self._active
            self._let_go(oldest.pop_oldest()[1].payload)

    def _take(self, payload: bytes) -> None:
        """Count a payload, but once for all replies that share it."""
        self._holders[id(payload)] += 1
        if self._holders[id(payload)] == 1:
            self._used += len(payload)

    def _let_go(self, payload: bytes) -> None:
        self._holders[id(payload)] -= 1
        if not self._holders[id(payload)]:
            del self._holders[id(payload)]
            self._used -= len(payload)


def _more(message: Any) -> bool:
    return bool(message.opt.block2 and message.opt.block2.more)
