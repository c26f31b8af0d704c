"""CBOR: published vectors (RFC 8949 appendices A and F), policy, bounds."""

import math
import tracemalloc
from contextlib import suppress
from typing import Any

import cbor2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core_api.wire import cbor
from core_api.wire.cbor_scan import MAX_DEPTH, MAX_ITEMS, TAGS
from core_api.wire.errors import PayloadError
from core_api.wire.jsontext import is_deeper
from core_api.wire.times import EpochTime
from tests.shared import vectors

# Appendix A writes these as diagnostic notation only.
DIAGNOSTIC = {
    "Infinity": math.inf,
    "-Infinity": -math.inf,
    "undefined": cbor2.undefined,
    "simple(16)": cbor2.CBORSimpleValue(16),
    "simple(255)": cbor2.CBORSimpleValue(255),
    '0("2013-03-21T20:04:00Z")': "2013-03-21T20:04:00Z",
    "1(1363896240)": EpochTime(1363896240),
    "1(1363896240.5)": EpochTime(1363896240.5),
    "h''": b"",
    "h'01020304'": b"\1\2\3\4",
    "(_ h'0102', h'030405')": b"\1\2\3\4\5",
    "{1: 2, 3: 4}": {1: 2, 3: 4},
}
# Tags without a use here: big numbers, "expected base16", encoded CBOR, a URI.
REFUSED = ("c2", "c3", "d7", "d818", "d820")
# Tags that are taken off their content.
TAGGED = ("c0", "c1")

keys = st.text(max_size=8) | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


def refuse(data: str | bytes, match: str | None = None) -> None:
    with pytest.raises(PayloadError, match=match):
        cbor.decode(bytes.fromhex(data) if isinstance(data, str) else data)


@pytest.mark.parametrize("case", vectors("cbor_malformed.json"))
def test_malformed(case: dict[str, str]) -> None:
    refuse(case["hex"])


@pytest.mark.parametrize("case", vectors("cbor_valid.json"))
def test_valid(case: dict[str, Any]) -> None:
    if case["hex"].startswith(REFUSED):
        refuse(case["hex"], "tag")
        return
    data = bytes.fromhex(case["hex"])
    value = cbor.decode(data)
    if case.get("diagnostic") == "NaN":
        assert isinstance(value, float)
        assert math.isnan(value)
    else:
        assert value == (case["decoded"] if "decoded" in case else DIAGNOSTIC[case["diagnostic"]])
    if case["roundtrip"] and not case["hex"].startswith(TAGGED):
        assert cbor.encode(value) == data


@given(values)
def test_round_trip(value: object) -> None:
    assume(not is_deeper(value, MAX_DEPTH))
    assert cbor.decode(cbor.encode(value)) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "ends early"),
        ("0000", "Something follows"),
        ("80ff", "Something follows"),
        ("a10102ff", "Something follows"),
        ("a201020103", "Duplicate"),
        ("a2616101616102", "Duplicate"),
        ("bf616101616102ff", "Duplicate"),
        ("a1800a", "key"),
        ("bf01bfff02809f0305ff00ff", "key"),
        ("a1a000", "key"),
        ("a1f500", "key"),
        ("a1fb3ff000000000000000", "key"),
        ("a1c1010a", "key"),
        ("a11801", "ends early"),
        ("d81c80", "tag 28"),
        ("d81d00", "tag 29"),
        ("d82360", "tag 35"),
        ("d82460", "tag 36"),
        ("d9010280", "tag 258"),
        ("dbffffffffffffffff00", "tag 18446744073709551615"),
        ("c000", "tag 0"),
        ("c16131", "tag 1"),
        ("c1f5", "tag 1"),
        ("d8228100", "tag 34"),
        ("61ff", "text"),
        ("63eda080", "text"),
        ("7f61c361a9ff", "text"),
        ("7f4161ff", "cannot stand there"),
        ("5f5f4161ffff", "cannot stand there"),
        ("9bffffffffffffffff", "ends early"),
        ("bb8000000000000000", "ends early"),
        ("5bffffffffffffffff00", "ends early"),
        ("c1ff", "cannot stand there"),
        ("81ff", "cannot stand there"),
        ("bf01ff", "cannot stand there"),
        ("df00", "cannot stand there"),
        ("f818", "cannot stand there"),
    ],
)
def test_refused(data: str, reason: str) -> None:
    refuse(data, reason)


def test_quoted_key_is_cut() -> None:
    key = cbor2.dumps("k" * 10_000)
    with pytest.raises(PayloadError) as raised:
        cbor.decode(b"\xa2" + key + b"\1" + key + b"\2")
    assert len(raised.value.detail) < 300


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("c1fb3ff8000000000000", EpochTime(1.5)),
        ("c120", EpochTime(-1)),
        ("c06161", "a"),
        ("d5420102", b"\1\2"),
        ("d64161", b"a"),
        ("d82162787a", "xz"),
        ("d82262787a", "xz"),
        ("d822420102", b"\1\2"),
        ("d9d9f7a10102", {1: 2}),
        ("d9d9f7d9d9f700", 0),
        ("9fff", []),
        ("7fff", ""),
    ],
)
def test_accepted(data: str, value: object) -> None:
    assert cbor.decode(bytes.fromhex(data)) == value


def test_every_tag_has_a_meaning() -> None:
    contents = {0: b"\x61a", 1: b"\1"}
    for tag in TAGS:
        head = cbor2.dumps(cbor2.CBORTag(tag, ""))[:-1]
        cbor.decode(head + contents.get(tag, b"\x61a"))


@pytest.mark.parametrize("opening", [b"\x81", b"\x9f", b"\xa1\x01", b"\xbf\x01", b"\xd9\xd9\xf7"])
def test_depth(opening: bytes) -> None:
    ends = b"\xff" if opening[0] in (0x9F, 0xBF) else b""
    cbor.decode(opening * MAX_DEPTH + b"\0" + ends * MAX_DEPTH)
    refuse(opening * (MAX_DEPTH + 1) + b"\0" + ends * (MAX_DEPTH + 1), "nested")


@pytest.mark.parametrize(
    "data",
    [
        b"\x9a\x00\x4c\x4b\x40" + b"\x80" * 5_000_000,
        b"\x9f" + b"\x80" * 5_000_000,
        b"\x5f" + b"\x40" * 5_000_000,
    ],
    ids=["array", "indefinite array", "chunks"],
)
def test_items_are_counted_before_memory_is_taken(data: bytes) -> None:
    tracemalloc.start()
    refuse(data, f"more than {MAX_ITEMS} items")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_as_many_items_as_allowed() -> None:
    count = MAX_ITEMS - 1
    assert cbor.decode(cbor2.dumps([0] * count)) == [0] * count


class TestSequence:
    def test_items_in_order(self) -> None:
        data = b"".join(map(cbor2.dumps, ({"a": 1}, [b"x"], "t")))
        assert cbor.decode_sequence(data) == [{"a": 1}, [b"x"], "t"]

    def test_empty(self) -> None:
        assert cbor.decode_sequence(b"") == []

    @pytest.mark.parametrize("data", [b"\0\xff", b"\xa1\1", b"\x80\x61\xff", b"\x9f\0"])
    def test_refused(self, data: bytes) -> None:
        with pytest.raises(PayloadError):
            cbor.decode_sequence(data)

    def test_bound_is_shared(self) -> None:
        with pytest.raises(PayloadError, match="items"):
            cbor.decode_sequence(b"\0" * (MAX_ITEMS + 1))


class TestEncode:
    @pytest.mark.parametrize(
        ("value", "data"),
        [
            ({"b": 1, "a": 1.5, -1: None}, "a320f66161f93e00616201"),
            ([48.1, 100000.0, True, b"x"], "84fb40480ccccccccccdfa47c35000f54178"),
        ],
    )
    def test_shortest_form(self, value: object, data: str) -> None:
        assert cbor.encode(value).hex() == data

    @pytest.mark.parametrize("value", [object(), {"a": object()}, EpochTime(1)])
    def test_what_cbor_cannot_carry(self, value: object) -> None:
        with pytest.raises(TypeError):
            cbor.encode(value)


@given(st.binary(max_size=64))
def test_any_bytes(data: bytes) -> None:
    for decode in (cbor.decode, cbor.decode_sequence):
        with suppress(PayloadError):
            decode(data)


@given(values, st.data())
def test_damaged_bytes(value: object, draw: st.DataObject) -> None:
    data = bytearray(cbor.encode(value))
    position = draw.draw(st.integers(0, len(data) - 1))
    data[position] = draw.draw(st.integers(0, 255))
    with suppress(PayloadError):
        cbor.decode(bytes(data))
