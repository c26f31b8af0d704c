"""The sockets of one gateway."""

import socket
from typing import Any

from aiocoap import Context, Message
from aiocoap.numbers import codes

from coap_gateway.aiocoap_internals.connection import Connection
from coap_gateway.aiocoap_internals.datagrams import Datagrams, Remote
from coap_gateway.aiocoap_internals.messages import Messages
from coap_gateway.aiocoap_internals.resource import Resource
from coap_gateway.aiocoap_internals.streams import Connections
from coap_gateway.aiocoap_internals.tokens import Tokens
from coap_gateway.connections import Census
from coap_gateway.deduplication import RecentMessages
from coap_gateway.limits import Limits
from coap_gateway.networks import Networks
from coap_gateway.rates import Rates

LOGGER = "aiocoap"


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
