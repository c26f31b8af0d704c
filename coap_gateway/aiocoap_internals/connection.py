"""One TCP connection (RFC 8323)."""

import socket
import struct
from typing import Any

from aiocoap import Message
from aiocoap.numbers import codes
from aiocoap.transports.tcp import TcpConnection

from coap_gateway import decoding, signalling, syntax
from coap_gateway.blocks import KIB
from coap_gateway.connections import Patience
from coap_gateway.flow import Flow

# Bytes of a message over TCP beside its payload; the second is what aiocoap adds in its reckoning.
MESSAGE_SLACK, PAYLOAD_SLACK = 128, 100
# A `struct linger` that is on, with no seconds: a Reset instead of a polite end.
NO_LINGER = struct.pack("ii", 1, 0)


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
