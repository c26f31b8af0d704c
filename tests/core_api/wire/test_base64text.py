"""Base64 (RFC 4648), strictly."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.wire.base64text import SMALL, decode
from core_api.wire.errors import PayloadError
from tests.shared import vectors


@given(st.text("AB9+/=-_ \n", max_size=12))
def test_long_texts_are_read_as_short_ones_are(tail: str) -> None:
    head = "QUJD" * (SMALL // 4)
    try:
        short: bytes | None = decode(tail)
    except PayloadError:
        short = None
    if short is None:
        with pytest.raises(PayloadError):
            decode(head + tail)
    else:
        assert decode(head + tail) == b"ABC" * (SMALL // 4) + short


@pytest.mark.parametrize("case", vectors("base64.json"))
def test_vector(case: dict[str, str]) -> None:
    if case["verdict"] == "accept":
        assert decode(case["b64"]) == case["text"].encode()
    elif case["verdict"] == "reject":
        with pytest.raises(PayloadError):
            decode(case["b64"])
    else:
        with suppress(PayloadError):
            assert base64.b64encode(decode(case["b64"]), b"-_").decode() == case["b64"]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        (b"Zm8=", b"fo"),
        ("+/8=", b"\xfb\xff"),
        ("-_8=", b"\xfb\xff"),
        ("-_8", b"\xfb\xff"),
        ("_-_-", b"\xff\xef\xfe"),
    ],
)
def test_accepted(text: str | bytes, data: bytes) -> None:
    assert decode(text) == data


@pytest.mark.parametrize(
    "text",
    [
        "Zg",
        "Zm8",
        "+/8",
        "+_8=",
        "-/8=",
        "-_8==",
        "-_-_-",
        "-_9=",
        "-_9",
        "Zh==",
        "Zm9=",
        "Zg==Zg==",
        "Z===",
        "=",
        "====",
        "ABCD=",
        "ABCD====",
        " Zg==",
        "Zg==\n",
        "Zm9v\r\nYmFy",
        "Zm9\u00e9",
        "Zm9\ud800",
        "Zm9\uff56",
        b"Zm9\xff",
        b"Zm9\0",
    ],
)
def test_refused(text: str | bytes) -> None:
    with pytest.raises(PayloadError) as raised:
        decode(text)
    assert raised.value.detail == "This is not base64."


@given(st.binary())
def test_round_trip(data: bytes) -> None:
    assert decode(base64.b64encode(data).decode()) == data
    assert decode(base64.urlsafe_b64encode(data)) == data


@given(st.text(alphabet="AQgwZ019+/-_= \n\u00e9", max_size=12))
def test_one_spelling_in_each_alphabet(text: str) -> None:
    with suppress(PayloadError):
        data = decode(text)
        padded = {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()}
        assert text in padded | {spelling.rstrip("=") for spelling in padded}
