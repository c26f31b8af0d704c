"""What the sockets serve."""

from typing import Any, Protocol

from aiocoap import Message

from coap_gateway.exchanges import Listener


class Resource(Protocol):
    """What answers requests."""

    @property
    def observers(self) -> Listener:
        """Who sends notifications."""

    def render_to_pipe(self, pipe: Any) -> None:
        """Answer the pipe's request, now or later."""

    def may_get(self, request: Message, size: int) -> bool:
        """Whether an answer of so many bytes may be sent again to the request's peer."""
