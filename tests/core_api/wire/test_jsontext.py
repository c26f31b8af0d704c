"""JSON: the published parsing vectors, bounds, writing."""

import base64
import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.wire import jsontext
from core_api.wire.errors import PayloadError
from core_api.wire.jsontext import MAX_DEPTH, MAX_ITEMS
from tests.shared import vectors

GENERATED = {
    "'['*100000": b"[" * 100_000,
    "'[{\"\":'*50000": b'[{"":' * 50_000 + b"\n",
}

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def text_of(case: dict[str, Any]) -> bytes:
    if "generator" in case:
        return GENERATED[case["generator"]]
    return base64.b64decode(case["base64"])


def refuse(data: bytes, match: str | None = None) -> None:
    with pytest.raises(PayloadError, match=match):
        jsontext.decode(data)


@pytest.mark.parametrize("case", vectors("json_parsing.json"))
def test_vector(case: dict[str, Any]) -> None:
    data = text_of(case)
    if case["verdict"] == "valid":
        assert jsontext.decode(data) == json.loads(data)
    elif case["verdict"] == "invalid":
        refuse(data)
    else:
        with suppress(PayloadError):
            jsontext.decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b"9" * 5000,
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        '"a"'.encode("utf-16"),
        b"{} {}",
        b"{'a': 1}",
    ],
)
def test_refused(data: bytes) -> None:
    refuse(data, "This JSON cannot be read")


def test_last_of_equal_names_counts() -> None:
    assert jsontext.decode(b'{"a":1,"a":2}') == {"a": 2}


def test_integers_stay_exact() -> None:
    assert jsontext.decode(b"123456789012345678901234567890") == 123456789012345678901234567890


def test_depth() -> None:
    jsontext.decode(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    jsontext.decode(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH)
    deeper = MAX_DEPTH + 1
    refuse(b"[" * deeper + b"]" * deeper, "nested")
    refuse(b'{"a":' * deeper + b"1" + b"}" * deeper, "nested")
    refuse(b"[" * 100_000 + b"]" * 100_000, "nested")


@pytest.mark.parametrize(
    ("value", "depth", "deeper"),
    [
        (1, 0, False),
        ([], 0, True),
        ([1], 1, False),
        ({"a": []}, 1, True),
        ({"a": []}, 2, False),
        ([1, [2, {"a": [3]}]], 3, True),
        ([1, [2, {"a": [3]}]], 4, False),
    ],
)
def test_is_deeper(value: object, depth: int, deeper: bool) -> None:
    assert jsontext.is_deeper(value, depth) is deeper


@pytest.mark.parametrize("filler", [b"0,", b"[],", b"{},", b"[[]],"])
def test_values_are_counted_before_memory_is_taken(filler: bytes) -> None:
    data = b"[" + filler * 1_000_000 + b"0]"
    tracemalloc.start()
    refuse(data, f"more than {MAX_ITEMS} values")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_long_strings_are_not_many_values() -> None:
    text = "x" * 1_000_000
    assert jsontext.decode(jsontext.encode([text])) == [text]


def test_encode() -> None:
    assert jsontext.encode({"a": [1, None, "\u00e9"]}) == '{"a":[1,null,"\u00e9"]}'.encode()


@given(values)
def test_round_trip(value: object) -> None:
    assert jsontext.decode(jsontext.encode(value)) == value


@given(st.binary(max_size=64) | st.text(alphabet='[]{}",:\\u01d8e+-. ntf').map(str.encode))
def test_any_bytes(data: bytes) -> None:
    with suppress(PayloadError):
        jsontext.decode(data)
