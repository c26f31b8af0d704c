"""Answers that are no gift to whoever forges the address of somebody else."""

from collections.abc import Iterator
from dataclasses import replace

from aiocoap import Message, Unreliable

from coap_gateway import replies
from coap_gateway.blocks import Block, cut
from coap_gateway.replies import Reply
from coap_gateway.verification import Allowance, size_of

# How often a confirmable message is sent where nobody acknowledges it (RFC 7252 section 4.8).
COPIES = 5
LARGEST_EXPONENT = 6


def fit(
    reply: Reply, wanted: Block | None, request: Message, allowance: Allowance | None
) -> Message:
    """The reply, or the block of it that is wanted, made to fit what the peer is allowed.

    A success that is larger comes in smaller blocks, an error without its payload; all have an
    Echo option. Raises Refusal 4.00 for a block after the end.
    """
    if allowance is None:
        return cut(reply, wanted, request.remote)
    for message in _shorter_and_shorter(reply, wanted, request):
        message.opt.echo = allowance.echo
        size = size_of(message, request.token)
        if size <= allowance.size:
            break
    if COPIES * size > allowance.size:
        # A separate response is sent once then: copies count, too.
        message.transport_tuning = Unreliable()
    return message


def _shorter_and_shorter(reply: Reply, wanted: Block | None, request: Message) -> Iterator[Message]:
    yield cut(reply, wanted, request.remote)
    if not reply.is_success:
        yield replies.message(replace(reply, payload=b"", content_format=None))
        return
    for exponent in reversed(range(LARGEST_EXPONENT)):
        yield cut(reply, wanted, request.remote, exponent)
    placeless = replace(reply, location_path=(), location_query=())
    yield cut(placeless, wanted, request.remote, 0)
