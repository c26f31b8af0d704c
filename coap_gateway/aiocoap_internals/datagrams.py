"""The UDP socket, and the peers on it."""

import errno
import socket
from collections.abc import Sequence
from typing import Any

from aiocoap import Message
from aiocoap.numbers import ACK, CON, NON, RST, codes
from aiocoap.transports.udp6 import MessageInterfaceUDP6, UDP6EndpointAddress

from coap_gateway import decoding, refusals, replies, syntax
from coap_gateway.endpoints import is_group
from coap_gateway.rates import Rates

TRANSIENT = (errno.EAGAIN, errno.ENOBUFS)
SENDING_ATTEMPTS = 3

Ancillary = Sequence[tuple[int, int, bytes]]


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
