"""The message layer of UDP (RFC 7252 section 4)."""

import errno
from collections.abc import Hashable
from typing import Any

from aiocoap import Message, Reliable, error
from aiocoap.messagemanager import MessageManager
from aiocoap.numbers import ACK, CON, NON, RST, codes

from coap_gateway.aiocoap_internals.datagrams import Remote
from coap_gateway.aiocoap_internals.resource import Resource
from coap_gateway.aiocoap_internals.tokens import Tokens
from coap_gateway.deduplication import RecentMessages
from coap_gateway.exchanges import Action, Exchanges
from coap_gateway.expiring import Expiring

# RFC 7252 section 4.8.2: seconds in which a non-confirmable message may still be rejected.
NON_LIFETIME = 145.0
MOST_UNCONFIRMED = 4096


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
