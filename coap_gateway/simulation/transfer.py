"""A body in blocks, one after the other (RFC 7959 section 2.5)."""

from collections.abc import Awaitable, Callable, Sequence

from aiocoap import Message
from aiocoap.numbers import ContentFormat, codes

Ask = Callable[[Message], Awaitable[Message]]

LARGEST_EXPONENT = 6
# After a block that the server misses the transfer begins anew, so often.
ATTEMPTS = 3


async def post(
    ask: Ask, path: Sequence[str], query: Sequence[str], content_format: int, body: bytes
) -> Message:
    """The response to a POST whose body goes in blocks of 1 KiB, or what the server asks for.

    `ask` gives the response to one request; what it raises ends the transfer.
    """

    def request(payload: bytes) -> Message:
        message = Message(code=codes.POST, payload=payload)
        message.opt.uri_path, message.opt.uri_query = tuple(path), tuple(query)
        message.opt.content_format = ContentFormat(content_format)
        return message

    for _ in range(ATTEMPTS):
        response = await _post_blocks(ask, request, body)
        if response.code != codes.REQUEST_ENTITY_INCOMPLETE:
            break
    return response


async def _post_blocks(ask: Ask, request: Callable[[bytes], Message], body: bytes) -> Message:
    offset, exponent = 0, LARGEST_EXPONENT
    while True:
        size = 16 << exponent
        message = request(body[offset : offset + size])
        more = offset + size < len(body)
        if more or offset:
            message.opt.block1 = (offset // size, more, exponent)
        if more and not offset:
            message.opt.size1 = len(body)
        response = await ask(message)
        if response.code != codes.CONTINUE or not more:
            return response
        offset += size
        if response.opt.block1 is not None:
            exponent = min(exponent, response.opt.block1.size_exponent)
