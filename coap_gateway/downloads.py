"""Replies larger than a block, held so that the next blocks need no Django (RFC 7959 Block2)."""

import time
from dataclasses import replace
from typing import Any

from aiocoap import Message

from coap_gateway.blocks import Block, cut, transfer_key
from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import EXCHANGE_LIFETIME
from coap_gateway.replies import Reply, payload_etag

# Seconds that a reply is kept after its last block was fetched.
LINGER = 10.0


class Downloads:
    """The replies that are being fetched, within `budget` bytes; the longest unused goes first.

    A block of a reply that is gone makes the gateway ask Django again; the ETag tells the client
    whether it still is the same representation.
    """

    def __init__(self, budget: int, clock: Clock = time.monotonic) -> None:
        self._budget = budget
        self._used = 0
        self._active: Expiring[bytes, Reply] = Expiring(EXCHANGE_LIFETIME, clock)
        self._fetched: Expiring[bytes, Reply] = Expiring(LINGER, clock)

    @property
    def used(self) -> int:
        """Bytes that are held."""
        return self._used

    def begin(self, request: Message, reply: Reply, wanted: Block | None) -> Message:
        """The block of a new reply that the request wants; the reply is held where more follow."""
        message = cut(reply, wanted, request.remote)
        if message.opt.block2 is not None:
            whole = replace(reply, etag=reply.etag or payload_etag(reply.payload))
            self._hold(transfer_key(request), whole, last=not message.opt.block2.more)
        return message

    def resume(self, request: Message, wanted: Block) -> Message | None:
        """The wanted block of a reply that is held; None where none is."""
        key = transfer_key(request)
        reply = self._active.get(key) or self._fetched.get(key)
        if reply is None:
            return None
        message = cut(reply, wanted, request.remote)
        self._hold(key, reply, last=not _more(message))
        return message

    def expire(self) -> None:
        """Let go of what nobody has fetched a block of for long."""
        for held in (self._active, self._fetched):
            for _, reply in held.expired():
                self._used -= len(reply.payload)

    def _hold(self, key: bytes, reply: Reply, *, last: bool) -> None:
        for held in (self._active, self._fetched):
            former = held.pop(key)
            self._used -= len(former.payload) if former else 0
        (self._fetched if last else self._active).put(key, reply)
        self._used += len(reply.payload)
        while self._used > self._budget:
            oldest = self._fetched if len(self._fetched) else self._active
            self._used -= len(oldest.pop_oldest()[1].payload)


def _more(message: Any) -> bool:
    return bool(message.opt.block2 and message.opt.block2.more)
