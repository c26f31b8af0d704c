"""Discovery, answered in the event loop (RFC 6690)."""

from aiocoap.numbers import codes

from coap_gateway.refusals import problem_reply
from coap_gateway.replies import Reply
from coap_gateway.requests import Call
from core_api import discovery
from core_api.errors import ApiError
from core_api.wire.media import content_format


def is_discovery(call: Call) -> bool:
    """Whether `reply_to` answers this; what has a condition of its own goes to Django."""
    return (
        call.method == "GET"
        and call.path in discovery.DOCUMENTS
        and "HTTP_IF_MATCH" not in call.headers
    )


def reply_to(call: Call) -> Reply:
    """The document, 2.03 where the client has it, or the problem with its criteria."""
    criteria = [item.partition("=") for item in call.items if item]
    try:
        found = discovery.answer(
            call.path, [(name, value) for name, _, value in criteria], call.accept
        )
    except ApiError as error:
        return problem_reply(error.problem)
    etag = bytes.fromhex(found.etag)
    if etag in call.etags:
        return Reply(codes.VALID, etag=etag)
    return Reply(codes.CONTENT, found.body, content_format(found.media_type), etag)
