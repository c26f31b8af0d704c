"""All that this server uses of aiocoap's inside (version 0.4.17), in one place.

aiocoap keeps message ids, tokens and the sockets. Replaced here are the decoding of messages
(`decoding`), their retransmission (`exchanges`), the memory of repeated ones (it had no bound), the
task for every request, the signalling of streams, and what came of truncated datagrams and of a
full socket. A new version of aiocoap is to be read against this file; the test of it names what to
read.
"""

import errno
import socket
import struct
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, Protocol

from aiocoap import Context, Message, Reliable, error
from aiocoap.messagemanager import MessageManager
from aiocoap.numbers import ACK, CON, NON, RST, codes
from aiocoap.pipe import Pipe
from aiocoap.tokenmanager import TokenManager
from aiocoap.transports.tcp import TcpConnection, TCPServer
from aiocoap.transports.udp6 import MessageInterfaceUDP6, UDP6EndpointAddress

from coap_gateway import decoding, refusals, replies, signalling, syntax
from coap_gateway.blocks import KIB
from coap_gateway.connections import Census, Patience
from coap_gateway.deduplication import RecentMessages
from coap_gateway.endpoints import is_group
from coap_gateway.exchanges import Action, Exchanges, Listener
from coap_gateway.expiring import Expiring
from coap_gateway.flow import Flow
from coap_gateway.limits import Limits
from coap_gateway.networks import Networks
from coap_gateway.rates import Rates
from coap_gateway.unfinished import Unfinished

LOGGER = "aiocoap"
TRANSIENT = (errno.EAGAIN, errno.ENOBUFS)
SENDING_ATTEMPTS = 3
# RFC 7252 section 4.8.2: seconds in which a non-confirmable message may still be rejected.
NON_LIFETIME = 145.0
MOST_UNCONFIRMED = 4096
# Bytes of a message over TCP beside its payload; the second is what aiocoap adds in its reckoning.
MESSAGE_SLACK, PAYLOAD_SLACK = 128, 100
# A `struct linger` that is on, with no seconds: a Reset instead of a polite end.
NO_LINGER = struct.pack("ii", 1, 0)

Ancillary = Sequence[tuple[int, int, bytes]]


class Resource(Protocol):
    """What answers requests."""

    @property
    def observers(self) -> Listener:
        """Who sends notifications."""

    def render_to_pipe(self, pipe: Any) -> None:
        """Answer the pipe's request, now or later."""

    def may_get(self, request: Message, size: int) -> bool:
        """Whether an answer of so many bytes may be sent again to the request's peer."""


class Remote(UDP6EndpointAddress):  # type: ignore[misc]
    """A peer on UDP; what came to or from a group was dropped before."""

    is_multicast = False
    is_multicast_locally = False

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

    rates: Rates

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.origins: dict[bytes, str] = {}
        self.max_body = 0

    def datagram_msg_received(
        self, data: bytes, ancdata: Ancillary, flags: int, address: tuple[Any, ...]
    ) -> None:
        """Take in a datagram; one that is no message, or too large, is rejected."""
        pktinfo = next((value for _, kind, value in ancdata if kind == socket.IPV6_PKTINFO), None)
        if not syntax.is_coap(data) or is_group(pktinfo):
            return
        remote = Remote(address, self, pktinfo=pktinfo)
        # What answers us is not counted: an observer that is slowed down stays one.
        if syntax.kind_of(data) in (CON, NON) and self.rates.wait(address[0]):
            self._slow_down(data, remote)
            return
        try:
            header = syntax.header(data)
            if flags & socket.MSG_TRUNC:
                self._refuse(header, remote)
                return
            message = decoding.datagram(data, header, remote)
        except syntax.Malformed:
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

    def _slow_down(self, data: bytes, remote: Remote) -> None:
        """4.29 to a request, once in the time that it names; otherwise silence (RFC 8516)."""
        try:
            header = syntax.header(data)
        except syntax.Malformed:
            return
        if not codes.Code(header.code).is_request():
            return
        seconds = self.rates.retry_after(remote.sockaddr[0])
        if seconds is None:
            return
        answer = replies.message(refusals.too_many(seconds).reply)
        answer.token = header.token
        if header.kind == CON:
            self._send_directly(answer, ACK, header.mid, remote)
        else:
            self._send_directly(answer, NON, self._ctx._next_message_id(), remote)

    def _refuse(self, header: syntax.Header, remote: Remote) -> None:
        """4.13 to a request that was cut off: its blocks would be welcome (RFC 7959 2.9.3)."""
        if not codes.Code(header.code).is_request() or header.kind != CON:
            return
        answer = replies.message(refusals.datagram_too_large(self.max_body).reply)
        answer.opt.block1 = (0, False, Remote.maximum_block_size_exp)
        answer.token = header.token
        self._send_directly(answer, ACK, header.mid, remote)

    def _reject(self, data: bytes, remote: Remote) -> None:
        """Reset what has a message format error, if it is confirmable (RFC 7252 section 4.2)."""
        if syntax.kind_of(data) == CON:
            self._send_directly(Message(code=codes.EMPTY), RST, syntax.mid_of(data), remote)

    def _send_directly(self, answer: Message, kind: int, mid: int, remote: Remote) -> None:
        answer.mtype, answer.mid, answer.remote = kind, mid, remote
        self.send(answer)


class Tokens(TokenManager):  # type: ignore[misc]
    """The requests that are not finished, observations among them, by their tokens."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.incoming_requests = Unfinished()

    def process_request(self, request: Message) -> None:
        """A request ends what its peer had under the same token (RFC 7641 section 4.1).

        Only the next block of a notification may come under the token of its observation.
        """
        known = self.incoming_requests.get((request.token, request.remote))
        if known is None or not _continues(request, known[0].request):
            super().process_request(request)
            return
        pipe = Pipe(request, self.log)
        pipe.on_event(partial(self._answer_beside, request))
        self.context.render_to_pipe(pipe)

    def dispatch_error(self, exception: Exception, remote: Any) -> None:
        """The peer is gone, with all that it asked and was asked."""
        if self.outgoing_requests is None:
            return
        for key in [key for key in self.outgoing_requests if key[1] == remote]:
            failure = exception
            if not isinstance(failure, error.NetworkError):
                failure = error.NetworkError(str(exception))
            self.outgoing_requests[key].add_exception(failure)
        for _, stop in self.incoming_requests.of(remote):
            stop()

    def _answer_beside(self, request: Message, event: Any) -> bool:
        message = event.message
        message.token, message.request = request.token, request
        message.remote = request.remote.as_response_address()
        self.token_interface.send_message(message, lambda: None)
        return not event.is_last


def _continues(request: Message, earlier: Message) -> bool:
    """Whether a request is for a later block of what the earlier one observes."""
    block = request.opt.block2
    return earlier.opt.observe == 0 and block is not None and block.block_number > 0


class Messages(MessageManager):  # type: ignore[misc]
    """Message ids, what is to be acknowledged, and what may be rejected."""

    def __init__(self, tokens: Tokens, recent: RecentMessages, resource: Resource) -> None:
        super().__init__(tokens)
        self._recent = recent
        self._may_get = resource.may_get
        self._exchanges = Exchanges(
            self.loop, self._send_via_transport, resource.observers, self._lose
        )
        # First answers to observers; who does not want them resets them (RFC 7641 section 3.6).
        self._unconfirmed: Expiring[Hashable, Action] = Expiring(NON_LIFETIME)

    async def shutdown(self) -> None:
        """Send nothing more that is to be acknowledged."""
        self._exchanges.close()
        await super().shutdown()

    def ping(self, remote: Remote) -> None:
        """Ask for a Reset (RFC 7252 section 4.3); the peer that sends none is lost."""
        message = Message(code=codes.EMPTY, transport_tuning=Reliable())
        message.remote = remote
        self.send_message(message, lambda: None)

    def dispatch_error(self, failure: Exception, remote: Any) -> None:
        """The network says something of a peer.

        That nobody listens there ends all that it has; anything else is a message lost, which is
        sent again, or a request of ours that will not be answered.
        """
        asked = (peer for _, peer in self.token_manager.outgoing_requests or ())
        is_passing = isinstance(failure, OSError) and failure.errno != errno.ECONNREFUSED
        if is_passing and remote not in asked:
            return
        self._exchanges.forget(remote)
        self.token_manager.dispatch_error(failure, remote)

    def deafen(self) -> None:
        """Read nothing more."""
        sock = self.message_interface.transport.get_extra_info("socket")
        self.loop.remove_reader(sock.fileno())

    def _deduplicate_message(self, message: Message) -> bool:
        answer = self._recent.answer_to(_key(message))
        if answer and message.mtype is CON and self._may_get(message, len(answer)):
            self.message_interface.send_bytes(answer, message.remote)
        return answer is not None

    def _send_initially(
        self, message: Message, messageerror_monitor: Action = lambda: None
    ) -> None:
        if message.mtype is CON:
            self._exchanges.begin(message, messageerror_monitor)
            return
        if message.mtype is NON and message.opt.observe is not None:
            self._remember(message, messageerror_monitor)
        self._send_via_transport(message)

    def _remember(self, message: Message, rejected: Action) -> None:
        for _ in self._unconfirmed.expired():
            pass
        self._unconfirmed.put((message.remote, message.mid), rejected)
        if len(self._unconfirmed) > MOST_UNCONFIRMED:
            self._unconfirmed.pop_oldest()

    def _send_via_transport(self, message: Message) -> None:
        data = message.encode()
        if message.mtype is ACK:
            self._recent.keep(_key(message), data)
        self.message_interface.send_bytes(data, message.remote)

    def _remove_exchange(self, message: Message) -> None:
        is_reset = message.mtype is RST
        if self._exchanges.end(message.remote, message.mid, is_reset=is_reset) or not is_reset:
            return
        rejected = self._unconfirmed.pop((message.remote, message.mid))
        if rejected is not None:
            rejected()

    def _lose(self, remote: Any) -> None:
        failure = error.ConRetransmitsExceeded("Nothing was acknowledged.")
        self.token_manager.dispatch_error(failure, remote)


def _key(message: Message) -> Hashable:
    return message.remote.sockaddr, message.remote.pktinfo, message.mid


class Connection(TcpConnection):  # type: ignore[misc]
    """A TCP connection; a peer that does not read its answers is not read from."""

    _remote_settings: signalling.Settings | None
    flow: Flow

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.released = False
        self._received = bytearray()
        self._host: str | None = None
        self._patience = Patience(self._ctx.limits)
        self._my_max_message_size = self._ctx.limits.message_size

    @property
    def is_full(self) -> bool:
        """Whether too much waits to be sent."""
        return self.flow.is_full

    @property
    def maximum_payload_size(self) -> int:
        """Bytes of the largest answer: what the peer takes, but no more than we take ourselves."""
        ours = (self._my_max_message_size - MESSAGE_SLACK) // KIB * KIB
        return int(min(super().maximum_payload_size, ours + PAYLOAD_SLACK))

    def connection_made(self, transport: Any) -> None:
        """Say who we are; where there are too many connections, that is all."""
        super().connection_made(transport)
        host = transport.get_extra_info("peername")[0]
        self.flow = Flow(transport, self._step, lambda: self._ctx.rates.wait(host))
        if self._ctx.census.enter(host):
            self._host = host
        else:
            self.abort("There are too many connections.")

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever made it."""
        super().connection_lost(exc)
        self.flow.stop()
        if self._host is not None:
            self._ctx.census.leave(self._host)

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
        self.flow.is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """What waited is sent."""
        self.flow.is_full = False
        self.flow.proceed()
        self._ctx.writable(self)

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        self._received += data
        self._patience.heard()
        self.flow.proceed()

    def expire(self, *, busy: bool) -> None:
        """Give the peer up if it stalls, or has long been neither heard nor `busy`."""
        transport = self._transport
        if transport is None:
            return
        owes = self._remote_settings is None or bool(self._received)
        unsent = transport.get_write_buffer_size()
        if self._patience.is_stalled(unsent, owes=owes and transport.is_reading()):
            if unsent:
                self._cut()
            else:
                self.abort("The connection stalls.")
        elif not busy and not transport.is_closing() and self._patience.is_idle():
            self._abort_with(Message(code=codes.RELEASE))

    def _cut(self) -> None:
        """End the connection, and what waits in the kernel to be read."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self._transport.abort()

    def _step(self) -> bool:
        """Take in one message, if it is whole; the connection ends at one that is malformed."""
        try:
            message = self._next_message()
            if message is not None:
                self._patience.used()
                self._take(message)
        except syntax.Malformed as found:
            self.abort(str(found))
            return False
        return message is not None

    def _next_message(self) -> bytes | None:
        size = syntax.frame_bytes(self._received)
        if size is not None and size > self._my_max_message_size:
            raise syntax.Malformed("The message is larger than the Max-Message-Size.")
        if size is None or size > len(self._received):
            return None
        message = bytes(self._received[:size])
        del self._received[:size]
        return message

    def _take(self, data: bytes) -> None:
        """Empty messages are ignored; a CSM must come before anything else (RFC 8323 5.3, 5.4)."""
        frame = syntax.frame(data)
        code = codes.Code(frame.code)
        if code == codes.EMPTY:
            return
        if code.is_signalling():
            options, _ = syntax.options_and_payload(data, frame.start)
            self._signal(code, frame.token, options)
        elif self._remote_settings is None:
            self.abort("The first message must be a CSM.")
        else:
            self._ctx._dispatch_incoming(self, decoding.frame(data, frame, self))

    def _signal(self, code: codes.Code, token: bytes, options: syntax.RawOptions) -> None:
        critical = signalling.critical_option(options)
        if critical is not None:
            bad = critical if code == codes.CSM else None
            self.abort(f"The critical option {critical} is not known here.", bad)
        elif code == codes.CSM:
            self._remote_settings = {
                **(self._remote_settings or {}),
                **signalling.settings_of(options),
            }
        elif code in (codes.RELEASE, codes.ABORT):
            self._end(at_once=code == codes.ABORT)
        elif self._remote_settings is None:
            self.abort("The first message must be a CSM.")
        elif code == codes.PING:
            pong = Message(code=codes.PONG)
            pong.token = token
            self._send_message(pong)
        elif code != codes.PONG:
            self.abort("The code is not known here.")

    def _end(self, *, at_once: bool) -> None:
        """Close; after a Release, what is being answered is answered first (RFC 8323 5.5)."""
        self.released = True
        self.flow.stop()
        if at_once or not self._ctx.is_answering(self):
            self._transport.close()

    def answered(self) -> None:
        """An answer was sent, or is not wanted."""
        if self.released and not self._ctx.is_answering(self):
            self._transport.close()


class Connections(TCPServer):  # type: ignore[misc]
    """A listening TCP socket and its connections."""

    @classmethod
    async def listen(cls, sock: socket.socket, tokens: TokenManager, context: "Endpoint") -> Any:
        """Accept connections from the bound socket."""
        self = cls()
        self._tokenmanager = tokens
        self.limits, self.rates, self.census = context.limits, context.rates, context.census
        self.log = context.log
        self.loop = context.loop
        self.server = await self.loop.create_server(self._connection, sock=sock)
        return self

    def deafen(self) -> None:
        """Accept and read nothing more."""
        self.server.close()
        for connection in self._pool:
            if connection._transport is not None:
                connection.flow.stop()

    def _connection(self) -> Connection:
        connection = Connection(self, self.log, self.loop, is_server=True)
        self._pool.add(connection)
        return connection

    def _dispatch_incoming(self, connection: Connection, msg: Message) -> None:
        # Empty messages and reserved codes are ignored (RFC 8323 section 3.4).
        if msg.code.is_request():
            connection.flow.asked(msg.token)
        if msg.code.is_request() or msg.code.is_response():
            super()._dispatch_incoming(connection, msg)

    def expire(self) -> None:
        """Give up the connections of peers that stall, or have done nothing for long."""
        if self._tokenmanager is None:
            return
        waiting = {id(remote) for _, remote in self._tokenmanager.incoming_requests}
        for connection in list(self._pool):
            connection.expire(busy=id(connection) in waiting)

    def writable(self, connection: Connection) -> None:
        """A connection that was full has room again."""
        if self._tokenmanager is not None:
            self._tokenmanager.context.serversite.observers.writable(connection)

    def is_answering(self, connection: Connection) -> bool:
        """Whether a request of this connection waits for its answer."""
        return self._tokenmanager is not None and any(
            remote is connection and pipe.request.opt.observe is None
            for (_, remote), (pipe, _) in self._tokenmanager.incoming_requests.items()
        )

    def send_message(self, message: Message, messageerror_monitor: Callable[[], None]) -> None:
        """Send a response, unless none of its class is wanted."""
        super().send_message(message, messageerror_monitor)
        message.remote.flow.answered(message.token)
        if message.remote.released:
            # The request is forgotten when this returns.
            self.loop.call_soon(message.remote.answered)

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

    def __init__(self, resource: Resource, recent: RecentMessages, limits: Limits) -> None:
        super().__init__(serversite=resource, loggername=LOGGER)
        self._recent = recent
        networks = Networks(limits)
        self.limits = limits
        self.rates = Rates(limits, networks)
        self.census = Census(limits, networks)
        self._streams: list[Connections] = []

    async def add_udp(self, sock: socket.socket) -> None:
        """Serve a bound IPv6 datagram socket (IPv4 by mapped addresses)."""
        tokens = Tokens(self)
        messages = Messages(tokens, self._recent, self.serversite)
        datagrams = await Datagrams._create_transport_endpoint(sock, messages, self.log, self.loop)
        datagrams.max_body, datagrams.rates = self.limits.max_body, self.rates
        messages.message_interface = datagrams
        tokens.token_interface = messages
        self.request_interfaces.append(tokens)

    async def add_tcp(self, sock: socket.socket) -> None:
        """Serve a bound stream socket."""
        tokens = Tokens(self)
        tokens.token_interface = await Connections.listen(sock, tokens, self)
        self._streams.append(tokens.token_interface)
        self.request_interfaces.append(tokens)

    def expire(self) -> None:
        """Let go of what is too old and of whom we wait for in vain; to be called every second."""
        self.rates.expire()
        for streams in self._streams:
            streams.expire()

    def deafen(self) -> None:
        """Take in nothing more, so that what is being answered is all that is left to do.

        A confirmable request that comes now is not acknowledged: its peer sends it again, to the
        next process.
        """
        for tokens in self.request_interfaces:
            tokens.token_interface.deafen()

    def ask(self, remote: Any) -> None:
        """Ask a peer for a sign of life (RFC 7252 section 4.3, RFC 8323 section 5.4)."""
        if isinstance(remote, Remote):
            remote.interface._ctx.ping(remote)
        elif isinstance(remote, Connection):
            remote._send_message(Message(code=codes.PING))

    def render_to_pipe(self, pipe: Any) -> None:
        """Hand the request to the resource, in this very turn of the loop."""
        self.serversite.render_to_pipe(pipe)
