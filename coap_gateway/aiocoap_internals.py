"""All that this server uses of aiocoap's inside (version 0.4.17), in one place.

aiocoap keeps message syntax, message ids, retransmission, tokens and the sockets. Replaced here are
the memory of repeated messages (it had no bound), the task for every request, and what came of
truncated datagrams, text that is no UTF-8, and a full socket. A new version of aiocoap is to be
read against this file.
"""

import errno
import socket
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from aiocoap import Context, Message, error
from aiocoap.messagemanager import MessageManager
from aiocoap.numbers import ACK, CON, RST, OptionNumber, codes
from aiocoap.optiontypes import StringOption
from aiocoap.tokenmanager import TokenManager
from aiocoap.transports.tcp import TcpConnection, TCPServer
from aiocoap.transports.udp6 import MessageInterfaceUDP6, UDP6EndpointAddress

from coap_gateway import refusals, replies
from coap_gateway.deduplication import RecentMessages

LOGGER = "aiocoap"
HEADER_BYTES = 4
LONGEST_TOKEN = 8
TRANSIENT = (errno.EAGAIN, errno.ENOBUFS)
SENDING_ATTEMPTS = 3

TEXT_OPTIONS = (
    OptionNumber.URI_HOST,
    OptionNumber.LOCATION_PATH,
    OptionNumber.URI_PATH,
    OptionNumber.URI_QUERY,
    OptionNumber.LOCATION_QUERY,
    OptionNumber.PROXY_URI,
    OptionNumber.PROXY_SCHEME,
)
Ancillary = Sequence[tuple[int, int, bytes]]


class Resource(Protocol):
    """What answers requests."""

    def render_to_pipe(self, pipe: Any) -> None:
        """Answer the pipe's request, now or later."""

    def acknowledged(self, message: Hashable) -> None:
        """A confirmable message (endpoint and message id) is under way no longer."""


class TextOption(StringOption):  # type: ignore[misc]
    """Text in which surrogates stand for bytes that are no UTF-8, so that these can be refused."""

    def encode(self) -> bytes:
        """The bytes as they came."""
        return bytes(self.value.encode("utf-8", "surrogateescape"))

    def decode(self, rawdata: bytes) -> None:
        """Take any bytes."""
        self.value = rawdata.decode("utf-8", "surrogateescape")


for _number in TEXT_OPTIONS:
    # Its setter warns of a change; this one changes nothing for text that is UTF-8.
    _number._format = TextOption


class Remote(UDP6EndpointAddress):  # type: ignore[misc]
    """A peer on UDP."""

    @property
    def uri_base_local(self) -> str:
        """Our own side of it, worked out once for each of our addresses."""
        origins: dict[bytes, str] = self.interface.origins
        origin = origins.get(self.pktinfo)
        if origin is None:
            origin = origins[self.pktinfo] = str(super().uri_base_local)
        return origin


class Datagrams(MessageInterfaceUDP6):  # type: ignore[misc]
    """A UDP socket."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.origins: dict[bytes, str] = {}
        self.max_body = 0

    def datagram_msg_received(
        self, data: bytes, ancdata: Ancillary, flags: int, address: tuple[Any, ...]
    ) -> None:
        """Take in a datagram; one that is no message, or too large, is rejected."""
        pktinfo = next((value for _, kind, value in ancdata if kind == socket.IPV6_PKTINFO), None)
        remote = Remote(address, self, pktinfo=pktinfo)
        if len(data) < HEADER_BYTES or data[0] >> 6 != 1:
            return
        try:
            if data[0] & 0x0F > LONGEST_TOKEN:
                raise error.UnparsableMessage("Overly long token")
            if flags & socket.MSG_TRUNC:
                self._refuse(data, remote)
                return
            message = Message.decode(data, remote)
        except error.UnparsableMessage:
            self._reject(data, remote)
            return
        self._ctx.dispatch_message(message)

    def send_bytes(self, data: bytes, remote: Any) -> None:
        """Send an encoded message; one that the socket has no room for is lost, as on its way.

        Sending reports an ICMP error that is pending, which is about another peer: so try again.
        """
        sock = self.transport.get_extra_info("socket")
        ancillary = []
        if remote.pktinfo is not None:
            ancillary.append((socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, remote.pktinfo))
        for _ in range(SENDING_ATTEMPTS):
            try:
                sock.sendmsg((data,), ancillary, 0, remote.sockaddr)
            except OSError as caught:
                failure = caught
            else:
                return
        if failure.errno not in TRANSIENT:
            self._ctx.dispatch_error(failure, remote)

    def send(self, message: Message) -> None:
        """Send a message."""
        self.send_bytes(message.encode(), message.remote)

    def _refuse(self, data: bytes, remote: Remote) -> None:
        """4.13 to a request that was cut off: its blocks would be welcome (RFC 7959 2.9.3)."""
        if not codes.Code(data[1]).is_request() or data[0] >> 4 & 3 != CON:
            return
        answer = replies.message(refusals.datagram_too_large(self.max_body).reply)
        answer.opt.block1 = (0, False, Remote.maximum_block_size_exp)
        answer.token = data[HEADER_BYTES : HEADER_BYTES + (data[0] & 0x0F)]
        self._send_directly(answer, ACK, data, remote)

    def _reject(self, data: bytes, remote: Remote) -> None:
        """Reset what has a message format error, if it is confirmable (RFC 7252 section 4.2)."""
        if data[0] >> 4 & 3 == CON:
            self._send_directly(Message(code=codes.EMPTY), RST, data, remote)

    def _send_directly(self, answer: Message, kind: int, data: bytes, remote: Remote) -> None:
        answer.mtype, answer.remote = kind, remote
        answer.mid = int.from_bytes(data[2:HEADER_BYTES], "big")
        self.send(answer)


class Messages(MessageManager):  # type: ignore[misc]
    """Message ids and retransmission; `acknowledged` hears of what is under way no longer."""

    def __init__(
        self,
        tokens: TokenManager,
        recent: RecentMessages,
        acknowledged: Callable[[Hashable], None],
    ) -> None:
        super().__init__(tokens)
        self._recent = recent
        self._acknowledged = acknowledged

    def deafen(self) -> None:
        """Read nothing more."""
        sock = self.message_interface.transport.get_extra_info("socket")
        self.loop.remove_reader(sock.fileno())

    def _deduplicate_message(self, message: Message) -> bool:
        answer = self._recent.answer_to(_key(message))
        if answer and message.mtype is CON:
            self.message_interface.send_bytes(answer, message.remote)
        return answer is not None

    def _store_response_for_duplicates(self, message: Message) -> None:
        """Nothing: _send_via_transport keeps the bytes."""

    def _send_via_transport(self, message: Message) -> None:
        data = message.encode()
        if message.mtype is ACK:
            self._recent.keep(_key(message), data)
        self.message_interface.send_bytes(data, message.remote)

    def _remove_exchange(self, message: Message) -> None:
        super()._remove_exchange(message)
        self._acknowledged((message.remote.sockaddr, message.mid))


def _key(message: Message) -> Hashable:
    return message.remote.sockaddr, message.remote.pktinfo, message.mid


class Connection(TcpConnection):  # type: ignore[misc]
    """A TCP connection; a peer that does not read its answers is not read from."""

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """What waited is sent."""
        self._transport.resume_reading()


class Connections(TCPServer):  # type: ignore[misc]
    """A listening TCP socket and its connections."""

    @classmethod
    async def listen(cls, sock: socket.socket, tokens: TokenManager, context: Context) -> Any:
        """Accept connections from the bound socket."""
        self = cls()
        self._tokenmanager = tokens
        self.log = context.log
        self.loop = context.loop
        self.server = await self.loop.create_server(self._connection, sock=sock)
        return self

    def deafen(self) -> None:
        """Accept and read nothing more."""
        self.server.close()
        for connection in self._pool:
            if connection._transport is not None:
                connection._transport.pause_reading()

    def _connection(self) -> Connection:
        connection = Connection(self, self.log, self.loop, is_server=True)
        self._pool.add(connection)
        return connection

    def _dispatch_incoming(self, connection: Connection, msg: Message) -> None:
        # Empty messages and reserved codes are ignored (RFC 8323 section 3.4).
        if msg.code.is_request() or msg.code.is_response():
            super()._dispatch_incoming(connection, msg)

    async def shutdown(self) -> None:
        """Release and close every connection."""
        connections = list(self._pool)
        self._tokenmanager = None
        self.server.close()
        for connection in connections:
            if connection._transport is not None:
                await connection.release()
                connection._transport.close()


class Endpoint(Context):  # type: ignore[misc]
    """Sockets whose requests go to one resource, without a task for each."""

    def __init__(self, resource: Resource, recent: RecentMessages, max_body: int) -> None:
        super().__init__(serversite=resource, loggername=LOGGER)
        self._recent = recent
        self._max_body = max_body

    async def add_udp(self, sock: socket.socket) -> None:
        """Serve a bound IPv6 datagram socket (IPv4 by mapped addresses)."""
        tokens = TokenManager(self)
        messages = Messages(tokens, self._recent, self.serversite.acknowledged)
        datagrams = await Datagrams._create_transport_endpoint(sock, messages, self.log, self.loop)
        datagrams.max_body = self._max_body
        messages.message_interface = datagrams
        tokens.token_interface = messages
        self.request_interfaces.append(tokens)

    async def add_tcp(self, sock: socket.socket) -> None:
        """Serve a bound stream socket."""
        tokens = TokenManager(self)
        tokens.token_interface = await Connections.listen(sock, tokens, self)
        self.request_interfaces.append(tokens)

    def deafen(self) -> None:
        """Take in nothing more, so that what is being answered is all that is left to do.

        A confirmable request that comes now is not acknowledged: its peer sends it again, to the
        next process.
        """
        for tokens in self.request_interfaces:
            tokens.token_interface.deafen()

    def render_to_pipe(self, pipe: Any) -> None:
        """Hand the request to the resource, in this very turn of the loop."""
        self.serversite.render_to_pipe(pipe)
