"""HTTP statuses as CoAP response codes, and their standard phrases."""

from collections.abc import Mapping
from http import HTTPStatus


def _code(dotted: str) -> int:
    """The byte of a code written as in RFC 7252 section 3: "2.05" is 69."""
    code_class, detail = dotted.split(".")
    return int(code_class) << 5 | int(detail)


_CHANGED = _code("2.04")
_SUCCESS_OF_METHOD: Mapping[str, int] = {
    "GET": _code("2.05"),
    "HEAD": _code("2.05"),
    "QUERY": _code("2.05"),
    "DELETE": _code("2.02"),
}
_CODES: Mapping[int, int] = {
    status: _code(dotted)
    for status, dotted in {
        201: "2.01",
        207: "2.04",
        304: "2.03",
        400: "4.00",
        401: "4.01",
        403: "4.03",
        404: "4.04",
        405: "4.05",
        406: "4.06",
        409: "4.09",
        412: "4.12",
        413: "4.13",
        414: "4.00",
        415: "4.15",
        416: "4.00",
        422: "4.22",
        428: "4.00",
        429: "4.29",
        500: "5.00",
        501: "5.01",
        502: "5.02",
        503: "5.03",
        504: "5.04",
        507: "5.03",
    }.items()
}
_BAD_REQUEST = _code("4.00")
_SERVER_ERROR = _code("5.00")
# RFC 9110 section 15 renamed these; Python's own phrases depend on its version.
_PHRASES: Mapping[int, str] = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


def response_code(status: int, method: str = "GET") -> int:
    """The CoAP code byte (class << 5 | detail) of an HTTP status in answer to an HTTP method.

    A status without an entry of its own takes the general code of its class: a success that of
    its method, other 4xx 4.00, and what CoAP cannot say (a redirection) 5.00.
    """
    if status in _CODES:
        return _CODES[status]
    if 200 <= status < 300:
        return _SUCCESS_OF_METHOD.get(method.upper(), _CHANGED)
    return _BAD_REQUEST if 400 <= status < 500 else _SERVER_ERROR


def phrase(status: int) -> str:
    """The status's phrase of RFC 9110 section 15; "Error" for a status that has none."""
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
