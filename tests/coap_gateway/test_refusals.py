"""The gateway's own problems have the shape of all problems (RFC 9290)."""

import cbor2
import pytest
from aiocoap.numbers import codes

from coap_gateway import refusals
from coap_gateway.refusals import Refusal
from core_api.wire.problem import problem


@pytest.mark.parametrize(
    ("refusal", "code", "title", "max_age", "size1"),
    [
        (refusals.bad_request("why"), codes.BAD_REQUEST, "Bad Request", None, None),
        (refusals.bad_option("why"), codes.BAD_OPTION, "Bad Option", None, None),
        (refusals.unknown_method(), codes.METHOD_NOT_ALLOWED, "Method Not Allowed", None, None),
        (refusals.not_acceptable("why"), codes.NOT_ACCEPTABLE, "Not Acceptable", None, None),
        (
            refusals.incomplete("why"),
            codes.REQUEST_ENTITY_INCOMPLETE,
            "Request Entity Incomplete",
            None,
            None,
        ),
        (
            refusals.too_large(5),
            codes.REQUEST_ENTITY_TOO_LARGE,
            "Content Too Large",
            None,
            5,
        ),
        (
            refusals.unsupported_format("why"),
            codes.UNSUPPORTED_CONTENT_FORMAT,
            "Unsupported Media Type",
            None,
            None,
        ),
        (refusals.server_error(), codes.INTERNAL_SERVER_ERROR, "Internal Server Error", None, None),
        (refusals.unavailable("why", 7), codes.SERVICE_UNAVAILABLE, "Service Unavailable", 7, None),
        (
            refusals.no_proxy(),
            codes.PROXYING_NOT_SUPPORTED,
            "Proxying Not Supported",
            None,
            None,
        ),
    ],
)
def test_refusals(
    refusal: Refusal, code: int, title: str, max_age: int | None, size1: int | None
) -> None:
    reply = refusal.reply
    assert (reply.code, reply.content_format) == (code, 257)
    assert (reply.max_age, reply.size1) == (max_age, size1)
    assert cbor2.loads(reply.payload) == {
        -1: title,
        -2: str(refusal),
        -4: code,
        "/problems": {0: "about:blank"},
    }


def test_a_problem_with_a_status() -> None:
    reply = refusals.problem_reply(problem(406, "No."))
    assert (reply.code, reply.content_format) == (codes.NOT_ACCEPTABLE, 257)
    assert cbor2.loads(reply.payload)[-4] == codes.NOT_ACCEPTABLE
