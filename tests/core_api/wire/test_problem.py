"""Problem details as JSON (RFC 9457) and concise CBOR (RFC 9290)."""

import json

import cbor2

from core_api.wire.problem import FieldError, Problem, problem, to_concise_cbor, to_json

MISSING = problem(400, "deviceId is required.", errors=[FieldError("/deviceId", "is required")])


def test_title_is_the_phrase() -> None:
    assert problem(404, "gone") == Problem(404, "Not Found", "gone", "about:blank", ())


def test_title_and_type_of_ones_own() -> None:
    assert problem(404, title="No such job", type="https://e.example/x") == Problem(
        404, "No such job", "", "https://e.example/x"
    )


def test_json() -> None:
    assert json.loads(to_json(MISSING)) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "deviceId is required.",
        "errors": [{"pointer": "/deviceId", "detail": "is required"}],
    }


def test_json_without_detail_and_errors() -> None:
    assert to_json(problem(503)) == (
        b'{"type":"about:blank","title":"Service Unavailable","status":503}'
    )


def test_concise_cbor() -> None:
    assert cbor2.loads(to_concise_cbor(MISSING)) == {
        -1: "Bad Request",
        -2: "deviceId is required.",
        -4: 0x80,
        "/problems": {0: "about:blank", 1: [["/deviceId", "is required"]]},
    }


def test_concise_cbor_without_detail_and_errors() -> None:
    assert cbor2.loads(to_concise_cbor(problem(413))) == {
        -1: "Content Too Large",
        -4: 0x8D,
        "/problems": {0: "about:blank"},
    }


def test_lone_surrogates_do_no_harm() -> None:
    quoting = problem(400, "\ud800", errors=[FieldError("/\udfff", "x")])
    assert json.loads(to_json(quoting))["detail"] == "?"
    assert cbor2.loads(to_concise_cbor(quoting))["/problems"][1] == [["/?", "x"]]
