"""Block options (RFC 7959, and BERT of RFC 8323 section 6), and what makes blocks one transfer."""

import hashlib
import re
from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from aiocoap import Message
from aiocoap.numbers import OptionNumber, codes

from coap_gateway import refusals, replies
from coap_gateway.replies import Reply

BERT = 7
# Bytes of the largest block of UDP, and of the unit that BERT counts in.
KIB = 1024

# Options that differ between the messages of one transfer.
_CHANGING = frozenset(
    {
        OptionNumber.BLOCK1,
        OptionNumber.BLOCK2,
        OptionNumber.OBSERVE,
        OptionNumber.ETAG,
        OptionNumber.NO_RESPONSE,
    }
)
_CHANGING_ENDPOINT = _CHANGING | {OptionNumber.URI_HOST, OptionNumber.URI_PORT}
_UPLOADING = (codes.POST, codes.PUT)
_SHA256 = re.compile(r"sha256=[0-9A-Fa-f]{64}")
TAG_BYTES = 8


class Block(NamedTuple):
    """The value of a Block1 or Block2 option; an exponent of 7 is BERT."""

    number: int
    more: bool
    exponent: int

    @property
    def size(self) -> int:
        """Bytes of one block; of a BERT block it is what it is a multiple of."""
        return 16 << min(self.exponent, 6)

    @property
    def offset(self) -> int:
        """Where the block begins in the body, in bytes."""
        return self.number * self.size


def transfer_key(request: Message) -> bytes:
    """What the messages of one transfer have in common (RFC 7959 section 2.5, RFC 9175 3.3).

    The endpoints, the method, and each option that is part of the cache key with the Request-Tags.
    """
    return _digest(request, repr(request.remote.blockwise_key).encode(), _CHANGING)


def resumable_key(request: Message) -> bytes | None:
    """What the blocks of an upload have in common that may be continued from any endpoint.

    That is a POST or PUT which shows what nobody can guess: the image's `sha256=` in its query
    and one Request-Tag of 8 bytes. Its key leaves out who asks, and by which of our names. None
    for any other request.
    """
    tags = request.opt.get_option(OptionNumber.REQUEST_TAG)
    if len(tags) != 1 or len(tags[0].value) != TAG_BYTES or request.code not in _UPLOADING:
        return None
    if not any(_SHA256.fullmatch(item) for item in request.opt.uri_query):
        return None
    return _digest(request, b"", _CHANGING_ENDPOINT)


def _digest(request: Message, start: bytes, left_out: Container[int]) -> bytes:
    digest = hashlib.blake2b(start, digest_size=16)
    digest.update(bytes((request.code,)))
    for option in request.opt.option_list():
        # RFC 7252 section 5.4.6: these bits say that it is no part of the cache key.
        if option.number in left_out or option.number & 0x1E == 0x1C:
            continue
        value = option.encode()
        digest.update(option.number.to_bytes(2, "big") + len(value).to_bytes(4, "big") + value)
    return digest.digest()


def cut(reply: Reply, wanted: Block | None, remote: Any, largest: int = BERT) -> Message:
    """The message that carries the block of the reply that is wanted, or all where it fits.

    `largest` is a bound on the size exponent. Raises Refusal 4.00 for a block after the end.
    """
    exponent = min(largest, remote.maximum_block_size_exp)
    block = _fitting(wanted, exponent)
    whole = remote.maximum_payload_size if exponent == BERT else Block(0, False, exponent).size
    size = whole - whole % KIB if block.exponent == BERT else block.size
    if block.number == 0 and len(reply.payload) <= (whole if wanted is None else size):
        return replies.message(reply)
    if block.offset >= len(reply.payload):
        raise refusals.bad_request("There is no such block.")
    end = block.offset + size
    message = replies.message(replace(reply, payload=reply.payload[block.offset : end]))
    message.opt.block2 = (block.number, end < len(reply.payload), block.exponent)
    if reply.etag is None:
        message.opt.etag = replies.payload_etag(reply.payload)
    if block.number == 0:
        message.opt.size2 = len(reply.payload)
    return message


def _fitting(wanted: Block | None, largest: int) -> Block:
    """The wanted block, counted in the largest size that the peer takes."""
    if wanted is None:
        return Block(0, False, largest)
    exponent = min(wanted.exponent, largest)
    unit = Block(0, False, exponent).size
    return Block(wanted.offset // unit, False, exponent)


def block_of(options: Iterable[Any]) -> Block | None:
    """The value of a message's Block1 or Block2 options; None where it has none."""
    for option in options:
        number, more, exponent = option.value
        return Block(number, more, exponent)
    return None
