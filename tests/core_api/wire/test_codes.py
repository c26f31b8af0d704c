"""HTTP statuses as CoAP codes."""

import pytest

from core_api.wire.codes import phrase, response_code


def dotted(status: int, method: str = "GET") -> str:
    code = response_code(status, method)
    return f"{code >> 5}.{code & 31:02}"


def test_code_byte() -> None:
    assert response_code(404) == 0x84


@pytest.mark.parametrize(
    ("status", "method", "code"),
    [
        (200, "GET", "2.05"),
        (200, "HEAD", "2.05"),
        (200, "QUERY", "2.05"),
        (200, "get", "2.05"),
        (200, "POST", "2.04"),
        (204, "PUT", "2.04"),
        (204, "PATCH", "2.04"),
        (200, "DELETE", "2.02"),
        (204, "DELETE", "2.02"),
        (202, "POST", "2.04"),
        (207, "POST", "2.04"),
        (201, "PUT", "2.01"),
        (304, "GET", "2.03"),
    ],
)
def test_success(status: int, method: str, code: str) -> None:
    assert dotted(status, method) == code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((400, "4.00"), (414, "4.00"), (416, "4.00"), (428, "4.00")),
        *((401, "4.01"), (403, "4.03"), (404, "4.04"), (405, "4.05"), (406, "4.06")),
        *((409, "4.09"), (412, "4.12"), (413, "4.13"), (415, "4.15"), (422, "4.22")),
        *((429, "4.29"), (500, "5.00"), (501, "5.01"), (502, "5.02"), (503, "5.03")),
        *((504, "5.04"), (507, "5.03")),
        # Without an entry of their own.
        *((418, "4.00"), (411, "4.00"), (508, "5.00"), (302, "5.00")),
    ],
)
def test_failure(status: int, code: str) -> None:
    assert dotted(status) == code


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "Not Found"),
        (413, "Content Too Large"),
        (422, "Unprocessable Content"),
        (499, "Error"),
    ],
)
def test_phrase(status: int, words: str) -> None:
    assert phrase(status) == words
