"""Block1: a body that comes in several requests becomes one (RFC 7959 section 2.5)."""

import asyncio
import hashlib
import time
from dataclasses import dataclass

from coap_gateway import refusals
from coap_gateway.blocks import BERT
from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import EXCHANGE_LIFETIME, Limits
from coap_gateway.parts import Part
from coap_gateway.replies import Reply
from coap_gateway.upload import Upload
from coap_gateway.uploads import Uploads

MISSING = "A block is missing; begin again with block 0."


@dataclass(frozen=True, slots=True)
class _Finished:
    """The last block of an upload, and the reply to the whole."""

    last: bytes
    reply: asyncio.Future[Reply]


class Assembly:
    """Puts blocks together; remembers the replies for last blocks that come again."""

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self._limits = limits
        self.uploads = Uploads(limits, clock)
        self._finished: Expiring[bytes, _Finished] = Expiring(EXCHANGE_LIFETIME, clock)

    def take(self, part: Part) -> Upload | asyncio.Future[Reply] | None:
        """The upload when the part completes it; the reply when it did so already; else None.

        None is to be answered with 2.31; an upload is to be given to `uploads.release` in the end.
        Raises Refusal 4.00, 4.08, 4.13 or 5.03.
        """
        _check_size(part)
        self._check_limit(part)
        finished = self._finished.get(part.key)
        if finished is not None and part.block.offset > 0 and finished.last == _digest(part):
            return finished.reply
        upload = self.uploads.find(part)
        if upload is None:
            upload = self._begin(part)
        else:
            self._continue(upload, part)
        if part.block.more:
            upload.rest()
            return None
        self.uploads.leave(upload)
        return upload

    def finish(self, part: Part, reply: asyncio.Future[Reply]) -> None:
        """Keep the reply to the upload that this part completed; an error of ours is not kept.

        A body of one block is not told from another request that is the same.
        """
        if part.block.number == 0:
            return
        if len(self._finished) >= self._limits.finished:
            self._finished.pop_oldest()
        self._finished.put(part.key, _Finished(_digest(part), reply))
        reply.add_done_callback(lambda done: self._forget_failure(part.key, done))

    def expire(self) -> None:
        """Forget what is too old."""
        self.uploads.expire()
        for _ in self._finished.expired():
            pass

    def _forget_failure(self, key: bytes, done: asyncio.Future[Reply]) -> None:
        failed = done.cancelled() or done.exception() or done.result().code >= 5 << 5
        found = self._finished.get(key)
        if failed and found is not None and found.reply is done:
            self._finished.pop(key)

    def _check_limit(self, part: Part) -> None:
        end = max(part.block.offset + len(part.payload), part.announced or 0)
        if end > self._limits.max_body:
            self.uploads.drop(part)
            raise refusals.too_large(self._limits.max_body)

    def _begin(self, part: Part) -> Upload:
        """A new upload; Refusal 4.08 where the part is not the first of its body."""
        if part.block.offset > 0:
            raise refusals.incomplete(MISSING)
        self._finished.pop(part.key)
        upload = self.uploads.begin(part)
        try:
            self.uploads.write(upload, part)
        except refusals.Refusal:
            self.uploads.leave(upload)
            self.uploads.release(upload, done=True)
            raise
        return upload

    def _continue(self, upload: Upload, part: Part) -> None:
        """Add the part; Refusal where it does not follow, or where there is no room."""
        try:
            self._check_place(upload, part)
            self._add(upload, part)
        except refusals.Refusal:
            upload.rest()
            raise

    def _add(self, upload: Upload, part: Part) -> None:
        """Put the part's bytes in their place.

        A part that came before changes nothing. One that came before with other bytes begins the
        rest of the body anew: the peer gave up a former body that began alike.
        """
        offset = part.block.offset
        upload.exponent = part.block.exponent
        repeated = offset < upload.size and upload.holds(offset, part.payload)
        if offset == 0 and upload.size > len(part.payload) and not part.resumable:
            upload.received = part.received
        if not repeated or not part.block.more:
            self.uploads.write(upload, part)

    def _check_place(self, upload: Upload, part: Part) -> None:
        """Refusal 4.08 where the part does not follow on the upload, 4.00 for a larger block."""
        offset = part.block.offset
        if offset > upload.size:
            raise refusals.unfinished(self.uploads.state(upload, part))
        if offset > 0 and part.block.exponent > upload.exponent:
            raise refusals.bad_request("The blocks of one body may become smaller, not larger.")


def _digest(part: Part) -> bytes:
    """What a repeated part has in common with the first."""
    return hashlib.blake2b(repr(part.block).encode() + part.payload, digest_size=16).digest()


def _check_size(part: Part) -> None:
    """Refusal 4.00 where the payload is not a block's (RFC 7959 section 2.2, RFC 8323 6)."""
    block, size = part.block, len(part.payload)
    if block.exponent == BERT:
        fits = not block.more or (size > 0 and size % block.size == 0)
    else:
        fits = size == block.size if block.more else size <= block.size
    if not fits:
        raise refusals.bad_request("The payload is not as large as its Block1 option says.")
