"""How the simulated cameras cut a body into blocks."""

import asyncio
from collections.abc import Callable

from aiocoap import Message
from aiocoap.numbers import codes

from coap_gateway.simulation.transfer import ATTEMPTS, post

BODY = bytes(index * 7 % 251 for index in range(2500))


def answer(
    code: codes.Code, exponent: int | None = None, request: Message | None = None
) -> Message:
    response = Message(code=code)
    if exponent is not None and request is not None:
        response.opt.block1 = (request.opt.block1.block_number, True, exponent)
    return response


def send(body: bytes, reply: Callable[[Message], Message]) -> tuple[Message, list[Message]]:
    requests: list[Message] = []

    async def ask(message: Message) -> Message:
        requests.append(message)
        return reply(message)

    return asyncio.run(post(ask, ("a", "b"), ("d=1", "t=0"), 23, body)), requests


def placed(requests: list[Message]) -> bytes:
    """The body as the blocks' own places make it."""
    body = bytearray()
    for message in requests:
        body[message.opt.block1.start :] = message.payload
    return bytes(body)


def continued(message: Message) -> Message:
    return answer(codes.CONTINUE if message.opt.block1.more else codes.CREATED)


def test_blocks_of_a_kibibyte() -> None:
    response, requests = send(BODY, continued)
    assert response.code == codes.CREATED
    assert [tuple(message.opt.block1) for message in requests] == [
        (0, True, 6),
        (1, True, 6),
        (2, False, 6),
    ]
    assert placed(requests) == BODY
    assert [message.opt.size1 for message in requests] == [2500, None, None]
    for message in requests:
        assert (message.opt.uri_path, message.opt.uri_query) == (("a", "b"), ("d=1", "t=0"))
        assert message.opt.content_format == 23


def test_a_small_body_needs_no_blocks() -> None:
    for body in (b"", b"small", bytes(1024)):
        response, (request,) = send(body, lambda _: answer(codes.CREATED))
        assert (response.code, request.opt.block1, request.payload) == (codes.CREATED, None, body)


def test_the_server_may_want_smaller_blocks() -> None:
    def reply(message: Message) -> Message:
        if not message.opt.block1.more:
            return answer(codes.CREATED)
        return answer(codes.CONTINUE, min(4, message.opt.block1.size_exponent), message)

    response, requests = send(BODY, reply)
    assert response.code == codes.CREATED
    assert [message.opt.block1.size_exponent for message in requests] == [6] + [4] * 6
    assert placed(requests) == BODY


def test_a_missing_block_begins_the_transfer_anew() -> None:
    codes_left = [codes.CONTINUE, codes.REQUEST_ENTITY_INCOMPLETE]

    def reply(message: Message) -> Message:
        return answer(codes_left.pop(0)) if codes_left else continued(message)

    response, requests = send(BODY, reply)
    assert response.code == codes.CREATED
    assert [message.opt.block1.block_number for message in requests] == [0, 1, 0, 1, 2]
    response, requests = send(BODY, lambda _: answer(codes.REQUEST_ENTITY_INCOMPLETE))
    assert (response.code, len(requests)) == (codes.REQUEST_ENTITY_INCOMPLETE, ATTEMPTS)


def test_a_refusal_ends_the_transfer() -> None:
    response, requests = send(BODY, lambda _: answer(codes.REQUEST_ENTITY_TOO_LARGE))
    assert (response.code, len(requests)) == (codes.REQUEST_ENTITY_TOO_LARGE, 1)
