"""The requests that are not finished."""

from functools import partial
from typing import Any

from aiocoap import Context, Message, error
from aiocoap.pipe import Pipe
from aiocoap.tokenmanager import TokenManager

from coap_gateway.unfinished import Unfinished


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
