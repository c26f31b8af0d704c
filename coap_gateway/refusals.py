"""What the gateway refuses itself, in the same shape as every problem (RFC 9290)."""

from collections.abc import Mapping

from aiocoap.numbers import codes

from coap_gateway.replies import Reply
from core_api.wire import cbor
from core_api.wire.codes import response_code
from core_api.wire.media import content_format
from core_api.wire.problem import Problem, problem, to_concise_cbor

CONCISE_PROBLEM = content_format("application/concise-problem-details+cbor")
# The codes that no HTTP status stands for.
TITLES = {
    codes.BAD_OPTION: "Bad Option",
    codes.REQUEST_ENTITY_INCOMPLETE: "Request Entity Incomplete",
    codes.PROXYING_NOT_SUPPORTED: "Proxying Not Supported",
}


class Refusal(Exception):
    """A request that the gateway answers with a problem; `reply` is that answer."""

    def __init__(
        self, code: int, detail: str, *, max_age: int | None = None, size1: int | None = None
    ) -> None:
        super().__init__(detail)
        self.reply = Reply(
            int(code), _payload(code, detail), CONCISE_PROBLEM, max_age=max_age, size1=size1
        )


def _payload(code: int, detail: str) -> bytes:
    status = (code >> 5) * 100 + (code & 31)
    return to_concise_cbor(problem(status, detail, title=TITLES.get(code)), int(code))


def problem_reply(found: Problem) -> Reply:
    """A problem that has an HTTP status, as the other door would answer it."""
    return Reply(response_code(found.status), to_concise_cbor(found), CONCISE_PROBLEM)


def bad_request(detail: str) -> Refusal:
    """4.00: the request cannot be understood."""
    return Refusal(codes.BAD_REQUEST, detail)


def bad_option(detail: str) -> Refusal:
    """4.02: a critical option that this server does not know, or not so."""
    return Refusal(codes.BAD_OPTION, detail)


def unverified() -> Refusal:
    """4.01: only for a peer that returns an Echo value (RFC 9175 section 2.4)."""
    return Refusal(codes.UNAUTHORIZED, "Return the Echo option.")


def unknown_method() -> Refusal:
    """4.05: a method that is not known here, whatever the path (RFC 7252 section 5.8)."""
    return Refusal(codes.METHOD_NOT_ALLOWED, "This method is not known here.")


def not_acceptable(detail: str) -> Refusal:
    """4.06: an Accept that stands for no media type here."""
    return Refusal(codes.NOT_ACCEPTABLE, detail)


def incomplete(detail: str) -> Refusal:
    """4.08: a block does not follow on what came before."""
    return Refusal(codes.REQUEST_ENTITY_INCOMPLETE, detail)


def unfinished(state: Mapping[str, object]) -> Refusal:
    """4.08: the block does not follow; how far the upload is, as a CBOR map, says which does."""
    refusal = incomplete("Another block is to follow.")
    code = int(codes.REQUEST_ENTITY_INCOMPLETE)
    refusal.reply = Reply(code, cbor.encode(state), content_format("application/cbor"))
    return refusal


def too_large(limit: int) -> Refusal:
    """4.13: the body has more bytes than the limit."""
    detail = f"A body may have at most {limit} bytes."
    return Refusal(codes.REQUEST_ENTITY_TOO_LARGE, detail, size1=limit)


def datagram_too_large(limit: int) -> Refusal:
    """4.13: a datagram that was cut off; a body of up to the limit may come in blocks."""
    detail = "The datagram is too large; send blocks of at most 1024 bytes."
    return Refusal(codes.REQUEST_ENTITY_TOO_LARGE, detail, size1=limit)


def unsupported_format(detail: str) -> Refusal:
    """4.15: a Content-Format that stands for no media type here."""
    return Refusal(codes.UNSUPPORTED_CONTENT_FORMAT, detail)


def too_many(max_age: int) -> Refusal:
    """4.29: the peer sends too much; again in `max_age` seconds (RFC 8516)."""
    return Refusal(codes.TOO_MANY_REQUESTS, "Send less.", max_age=max_age)


def server_error() -> Refusal:
    """5.00: the server is at fault."""
    return Refusal(codes.INTERNAL_SERVER_ERROR, "The server failed; its log says why.")


def unavailable(detail: str, max_age: int) -> Refusal:
    """5.03: not now; again in `max_age` seconds."""
    return Refusal(codes.SERVICE_UNAVAILABLE, detail, max_age=max_age)


def no_proxy() -> Refusal:
    """5.05: this server is no proxy."""
    return Refusal(codes.PROXYING_NOT_SUPPORTED, "This server is no proxy.")
