"""Problem details: RFC 9457 (JSON) and RFC 9290 (CBOR for constrained clients)."""

from collections.abc import Sequence
from dataclasses import dataclass

import cbor2
import msgspec

from core_api.wire.codes import phrase, response_code

BLANK = "about:blank"

# RFC 9290 section 2; section 3 leaves text keys to the application.
_TITLE, _DETAIL, _RESPONSE_CODE = -1, -2, -4
_CUSTOM = "/problems"
_CUSTOM_TYPE, _CUSTOM_ERRORS = 0, 1


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `pointer` is a JSON Pointer (RFC 6901) such as "/deviceId"."""

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as RFC 9457 section 3 has it; `status` is the HTTP status.

    `members` are extension members (section 3.2) of its type, for JSON alone.
    """

    status: int
    title: str
    detail: str = ""
    type: str = BLANK
    errors: tuple[FieldError, ...] = ()
    members: tuple[tuple[str, object], ...] = ()


def problem(
    status: int,
    detail: str = "",
    *,
    title: str | None = None,
    type: str = BLANK,  # noqa: A002
    errors: Sequence[FieldError] = (),
    members: Sequence[tuple[str, object]] = (),
) -> Problem:
    """A problem whose title is the status's phrase unless another is given."""
    title = phrase(status) if title is None else title
    return Problem(int(status), title, detail, type, tuple(errors), tuple(members))


def to_json(problem: Problem) -> bytes:
    """The problem as application/problem+json."""
    return msgspec.json.encode(as_map(problem))


def as_map(problem: Problem) -> dict[str, object]:
    """The members of the problem as RFC 9457 names them."""
    members: dict[str, object] = {
        "type": _text(problem.type),
        "title": _text(problem.title),
        "status": problem.status,
    }
    if problem.detail:
        members["detail"] = _text(problem.detail)
    if problem.errors:
        members["errors"] = [
            {"pointer": _text(error.pointer), "detail": _text(error.detail)}
            for error in problem.errors
        ]
    return members | dict(problem.members)


def to_concise_cbor(problem: Problem, code: int | None = None) -> bytes:
    """The problem as application/concise-problem-details+cbor.

    `code` is the CoAP response code, for the problems that no HTTP status stands for.
    """
    custom: dict[int, object] = {_CUSTOM_TYPE: _text(problem.type)}
    if problem.errors:
        custom[_CUSTOM_ERRORS] = [
            [_text(error.pointer), _text(error.detail)] for error in problem.errors
        ]
    members: dict[int | str, object] = {_TITLE: _text(problem.title)}
    if problem.detail:
        members[_DETAIL] = _text(problem.detail)
    members[_RESPONSE_CODE] = response_code(problem.status) if code is None else code
    members[_CUSTOM] = custom
    return cbor2.dumps(members)


def _text(text: str) -> str:
    """The text without lone surrogates: a detail may quote what a client sent."""
    return text.encode("utf-8", "replace").decode()
