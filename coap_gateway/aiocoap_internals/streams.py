"""The listening TCP socket, and its connections."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiocoap import Message
from aiocoap.tokenmanager import TokenManager
from aiocoap.transports.tcp import TCPServer

from coap_gateway.aiocoap_internals.connection import Connection

if TYPE_CHECKING:
    from coap_gateway.aiocoap_internals.endpoint import Endpoint


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
