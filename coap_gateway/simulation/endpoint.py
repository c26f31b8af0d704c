"""A CoAP client for one request at a time over a lossy line (RFC 7252 section 4)."""

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from aiocoap import Message, error
from aiocoap.numbers import ACK, CON, RST, codes

from core_api.serving.addresses import Address

# RFC 7252 section 4.8, but ten times as fast, for a line that loses much and takes no time.
ACK_TIMEOUT = 0.2
ACK_RANDOM_FACTOR = 1.5
MAX_RETRANSMIT = 4
# Seconds for a response whose request was acknowledged; the server repeats it at its own pace.
RESPONSE_TIMEOUT = 30.0
# Confirmable responses that may come again.
REMEMBERED = 16

MESSAGE_IDS = 1 << 16


class Unanswered(Exception):
    """No response came; the text says why."""


class NoSocket(Exception):
    """The system gives no socket to that address; the text says why."""


@dataclass(slots=True)
class _Exchange:
    """The request that is under way; `heard` is set by the first sign of the server."""

    mid: int
    token: bytes
    response: asyncio.Future[Message]
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def finish(self, message: Message) -> None:
        self.heard.set()
        if not self.response.done():
            self.response.set_result(message)

    def fail(self, reason: str) -> None:
        self.heard.set()
        if not self.response.done():
            self.response.set_exception(Unanswered(reason))


class Endpoint(asyncio.DatagramProtocol):
    """One UDP socket; `loss` (0 to 1) is the share of datagrams that get lost, each way.

    `repeated` is called for every datagram that is sent again.
    """

    def __init__(
        self,
        loss: float,
        repeated: Callable[[], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._loss = loss
        self._repeated = repeated
        self._chance = chance
        self._mid = secrets.randbelow(MESSAGE_IDS)
        self._echo: bytes | None = None
        self._exchange: _Exchange | None = None
        self._acknowledged: deque[int] = deque(maxlen=REMEMBERED)
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, server: Address) -> None:
        """Connect the socket; NoSocket where that fails."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(
                lambda: self, remote_addr=(server.host, server.port), family=server.family
            )
        except OSError as failure:
            raise NoSocket(f"{failure.strerror or failure}.") from None

    def close(self) -> None:
        """Close the socket, if it is open."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def ping(self) -> None:
        """Come back when the server is there (RFC 7252 section 4.3), else Unanswered."""
        await self._ask(Message(code=codes.EMPTY), b"")

    async def request(self, message: Message) -> Message:
        """The response to a confirmable request; Unanswered where none comes.

        An Echo value that the server wants back goes with all that follows (RFC 9175 section 2).
        """
        for _ in range(2):
            if self._echo is not None:
                message.opt.echo = self._echo
            response = await self._ask(message, secrets.token_bytes(4))
            wanted, self._echo = response.opt.echo, response.opt.echo or self._echo
            if response.mtype is RST:
                raise Unanswered("The server does not take the request.")
            if response.code != codes.UNAUTHORIZED or wanted is None:
                break
        return response

    async def _ask(self, message: Message, token: bytes) -> Message:
        message.mtype, message.mid, message.token = CON, self._next_mid(), token
        loop = asyncio.get_running_loop()
        exchange = self._exchange = _Exchange(message.mid, token, loop.create_future())
        try:
            await self._send_until_heard(message.encode(), exchange)
            async with asyncio.timeout(RESPONSE_TIMEOUT):
                return await exchange.response
        except TimeoutError:
            raise Unanswered("The server does not answer.") from None
        finally:
            self._exchange = None

    async def _send_until_heard(self, data: bytes, exchange: _Exchange) -> None:
        """RFC 7252 section 4.2; TimeoutError in the end."""
        timeout = ACK_TIMEOUT * (1 + (ACK_RANDOM_FACTOR - 1) * random.random())  # noqa: S311
        for attempt in range(MAX_RETRANSMIT + 1):
            if attempt:
                self._repeated()
            self._send(data)
            try:
                async with asyncio.timeout(timeout * 2**attempt):
                    await exchange.heard.wait()
            except TimeoutError:
                continue
            return
        raise TimeoutError

    def _next_mid(self) -> int:
        self._mid = (self._mid + 1) % MESSAGE_IDS
        return self._mid

    def _send(self, data: bytes) -> None:
        if self._transport is not None and self._chance() >= self._loss:
            self._transport.sendto(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens at the server's port."""
        if self._exchange is not None:
            reason = exc.strerror if isinstance(exc, OSError) else None
            self._exchange.fail(f"{reason or exc}.")

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        """Take in a datagram, unless it gets lost."""
        if self._chance() < self._loss:
            return
        try:
            message = Message.decode(data)
        except error.UnparsableMessage:
            return
        exchange = self._exchange
        if message.code == codes.EMPTY:
            if exchange is not None and message.mid == exchange.mid:
                exchange.finish(message) if message.mtype is RST else exchange.heard.set()
        elif exchange is not None and exchange.token and message.token == exchange.token:
            self._acknowledge(message)
            exchange.finish(message)
        elif message.mtype is CON:
            known = message.mid in self._acknowledged
            self._send_empty(ACK if known else RST, message.mid)

    def _acknowledge(self, message: Message) -> None:
        if message.mtype is CON:
            self._acknowledged.append(message.mid)
            self._send_empty(ACK, message.mid)

    def _send_empty(self, kind: int, mid: int) -> None:
        message = Message(code=codes.EMPTY)
        message.mtype, message.mid = kind, mid
        self._send(message.encode())
