"""Bodies that carry an image, and patches, in every dialect."""

import base64
import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.wire import payload
from core_api.wire.errors import FieldErrors, PayloadError, WireError
from core_api.wire.payload import ImageFields
from core_api.wire.times import Moment
from tests.shared import shared_path

JSON, CBOR = "application/json", "application/cbor"
NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
EIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC)
DATA = b"\x89PNG\r\n\x1a\n"
BASE64 = base64.b64encode(DATA).decode()
NAMED = {"deviceId": "cam-7", "timestamp": "2026-11-21T08:00:00Z", "imageData": BASE64}
PLAIN = ImageFields("cam-7", Moment(EIGHT, relative=False), DATA, None, "", None, None, {})
SHA256 = hashlib.sha256(DATA).digest()
FULL = ImageFields(
    device_id="12345",
    moment=Moment(EIGHT, relative=False),
    data=DATA,
    media_type="image/png",
    title="Gate",
    location=(48.1, 11.5),
    sha256=SHA256,
    meta={"battery": 3.7},
)


def of_json(**changes: object) -> ImageFields:
    return payload.decode_image(JSON, json.dumps(NAMED | changes).encode(), NOW)


def of_cbor(fields: dict[Any, object]) -> ImageFields:
    return payload.decode_image(CBOR, cbor2.dumps(fields), NOW)


def pointers(error: WireError) -> list[tuple[str, str]]:
    return [(one.pointer, one.detail) for one in error.errors]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("core_image_post.json", JSON), ("core_image_post.cbor.hex", CBOR)],
)
def test_published_body(name: str, media_type: str) -> None:
    fields = payload.decode_image(media_type, shared_path(f"published/{name}").read_bytes(), NOW)
    moment = Moment(datetime(2024, 8, 18, 2, 4, 7, tzinfo=UTC), relative=False)
    assert (fields.device_id, fields.moment, len(fields.data)) == ("12345", moment, 669)
    assert fields.data.startswith(DATA)


class TestJson:
    def test_plain(self) -> None:
        assert of_json() == PLAIN

    def test_every_field(self) -> None:
        fields = of_json(
            deviceId=12345,
            mediaType="image/png",
            title="Gate",
            location=[48.1, 11.5],
            sha256=SHA256.hex(),
            meta={"battery": 3.7},
        )
        assert fields == FULL

    def test_unknown_keys_and_nulls_are_ignored(self) -> None:
        assert of_json(colour="red", **{"1": "x"}, title=None, location=None, meta=None) == PLAIN

    def test_relative_time(self) -> None:
        moment = of_json(timestamp=-60).moment
        assert moment == Moment(NOW - timedelta(minutes=1), relative=True)

    def test_digits_in_text_are_no_number(self) -> None:
        with pytest.raises(FieldErrors):
            of_json(timestamp="1795248000")

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b'"x"', b"1", b"null", b"{", b"\xff", b"[" * 99_999]
    )
    def test_no_map(self, body: bytes) -> None:
        with pytest.raises(PayloadError) as raised:
            payload.decode_image(JSON, body, NOW)
        assert raised.value.errors == ()


class TestCbor:
    def test_text_keys(self) -> None:
        assert of_cbor(dict(NAMED)) == of_cbor(NAMED | {"imageData": DATA}) == PLAIN

    def test_integer_keys(self) -> None:
        fields = {1: 12345, 2: 1_795_248_000, 3: DATA, 4: "image/png", 5: "Gate"}
        assert of_cbor(fields | {6: [48.1, 11.5], 7: SHA256, 8: {"battery": 3.7}}) == FULL

    def test_mixed_and_unknown_keys(self) -> None:
        fields = {1: "cam-7", "timestamp": NAMED["timestamp"], 3: BASE64, 9: 0, -1: 0, b"x": 0}
        assert of_cbor(fields) == PLAIN

    @pytest.mark.parametrize("tag", [22, 34, 21, 33])
    @pytest.mark.parametrize("value", [DATA, BASE64])
    def test_tagged_data(self, tag: int, value: object) -> None:
        assert of_cbor(NAMED | {"imageData": cbor2.CBORTag(tag, value)}) == PLAIN

    @pytest.mark.parametrize(
        "value", [cbor2.CBORTag(0, NAMED["timestamp"]), cbor2.CBORTag(1, 1_795_248_000)]
    )
    def test_tagged_time(self, value: object) -> None:
        assert of_cbor(NAMED | {"timestamp": value}) == PLAIN

    def test_tag_1_is_unix_seconds_however_small(self) -> None:
        moment = of_cbor(NAMED | {"timestamp": cbor2.CBORTag(1, 10)}).moment
        assert moment == Moment(datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC), relative=False)

    def test_indefinite_lengths(self) -> None:
        head, data = cbor2.dumps(NAMED)[1:], cbor2.dumps(DATA)
        body = b"\xbf" + head[: -len(cbor2.dumps(BASE64))] + b"\x5f" + data + b"\x40\xff\xff"
        assert payload.decode_image(CBOR, body, NOW) == PLAIN

    def test_marked_as_cbor(self) -> None:
        body = b"\xd9\xd9\xf7" + cbor2.dumps(NAMED)
        assert payload.decode_image(CBOR, body, NOW) == PLAIN

    @pytest.mark.parametrize("keys", [{1: "a"}, {1: "a", 3: DATA}])
    def test_field_by_name_and_number(self, keys: dict[int, object]) -> None:
        with pytest.raises(FieldErrors) as raised:
            of_cbor(NAMED | keys)
        assert pointers(raised.value) == [("/deviceId", "is given twice, by name and by number")]

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"meta": {"at": cbor2.CBORTag(1, 5)}}, "/meta"),
            ({"meta": {"x": b"bytes"}}, "/meta"),
            ({"meta": {1: "x"}}, "/meta"),
            ({"deviceId": b"cam"}, "/deviceId"),
            ({"title": cbor2.undefined}, "/title"),
            ({"timestamp": cbor2.CBORTag(0, "yesterday")}, "/timestamp"),
        ],
    )
    def test_what_json_has_not(self, changes: dict[str, object], pointer: str) -> None:
        with pytest.raises(FieldErrors) as raised:
            of_cbor(NAMED | changes)
        assert [one for one, _ in pointers(raised.value)] == [pointer]

    @pytest.mark.parametrize("body", [b"", b"\x80", b"\xa1", b"\xa0\xa0", b"\xff", b"\x9f" * 1000])
    def test_no_map(self, body: bytes) -> None:
        with pytest.raises(PayloadError) as raised:
            payload.decode_image(CBOR, body, NOW)
        assert raised.value.errors == ()


class TestHexDigits:
    @pytest.mark.parametrize(
        "spelling",
        [
            lambda digits: digits,
            lambda digits: digits.upper(),
            lambda digits: f"{digits}\n",
            lambda digits: f" \r\n{digits} ",
            lambda digits: f"{digits[:60]}\n{digits[60:]}",
        ],
        ids=["plain", "upper case", "newline", "surrounded", "wrapped"],
    )
    def test_accepted(self, spelling: Any) -> None:
        assert payload.decode_image(CBOR, spelling(cbor2.dumps(NAMED).hex()).encode(), NOW) == PLAIN

    @pytest.mark.parametrize("body", [b"abc", b"a0 a", b"hello", b"a1zz", b"a0\xff", b" "])
    def test_refused(self, body: bytes) -> None:
        with pytest.raises(PayloadError):
            payload.decode_image(CBOR, body, NOW)


def test_every_fault_is_told_at_once() -> None:
    wrong = {"deviceId": True, "timestamp": 5, "imageData": "!", "mediaType": 1, "title": 2}
    with pytest.raises(FieldErrors) as raised:
        payload.image_fields(wrong | {"location": 3, "sha256": 4, "meta": 5}, NOW)
    assert [pointer for pointer, _ in pointers(raised.value)] == [
        *("/deviceId", "/timestamp", "/imageData", "/mediaType"),
        *("/title", "/location", "/sha256", "/meta"),
    ]


@pytest.mark.parametrize("empty", [{}, dict.fromkeys(NAMED)])
def test_required_fields(empty: dict[str, object]) -> None:
    with pytest.raises(FieldErrors) as raised:
        payload.image_fields(empty, NOW)
    assert pointers(raised.value) == [(f"/{name}", "is required") for name in NAMED]


class TestTextFields:
    def test_plain(self) -> None:
        fields = {"deviceId": "cam-7", "timestamp": "2026-11-21T09:00:00 01:00", "other": "x"}
        assert payload.text_fields(fields, DATA, NOW) == PLAIN

    def test_every_field(self) -> None:
        fields = {
            "deviceId": "12345",
            "timestamp": "1795248000",
            "mediaType": "image/png",
            "title": "Gate",
            "location": "48.1, 11.5",
            "sha256": SHA256.hex(),
            "meta": '{"battery": 3.7}',
        }
        assert payload.text_fields(fields, DATA, NOW) == FULL

    def test_empty_fields_are_none(self) -> None:
        fields = {"deviceId": "cam-7", "timestamp": "2026-11-21T08:00:00Z"}
        empty = dict.fromkeys(("mediaType", "title", "location", "sha256", "meta"), "")
        assert payload.text_fields(fields | empty, DATA, NOW) == PLAIN

    def test_data_is_the_body_and_never_a_field(self) -> None:
        fields = {"deviceId": "cam-7", "timestamp": "2026-11-21T08:00:00Z", "imageData": "!"}
        assert payload.text_fields(fields, DATA, NOW) == PLAIN

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            *(("deviceId", ""), ("deviceId", "\0"), ("timestamp", ""), ("timestamp", "soon")),
            *(("location", "48.1"), ("location", "nan,0"), ("location", "1_0,5")),
            *(("location", "\u0661,2"), ("location", "91,0"), ("meta", "{"), ("meta", "[]")),
            *(("meta", "\ud800"), ("sha256", "00"), ("title", "a\nb")),
        ],
    )
    def test_refused(self, name: str, text: str) -> None:
        fields = {"deviceId": "cam-7", "timestamp": "2026-11-21T08:00:00Z"} | {name: text}
        with pytest.raises(FieldErrors) as raised:
            payload.text_fields(fields, DATA, NOW)
        assert [pointer for pointer, _ in pointers(raised.value)] == [f"/{name}"]


class TestChanges:
    @pytest.mark.parametrize(
        ("patch", "changes"),
        [
            ({}, {}),
            ({"title": "Gate"}, {"title": "Gate"}),
            ({"title": None, "location": None, "meta": None},) * 2,
            ({"location": [1, 2]}, {"location": (1.0, 2.0)}),
            ({"meta": {"a": None, "b": 1}}, {"meta": {"a": None, "b": 1}}),
        ],
    )
    def test_json_and_cbor(self, patch: dict[str, object], changes: dict[str, object]) -> None:
        assert payload.decode_changes("application/merge-patch+json", b"%s" % json_of(patch)) == (
            changes
        )
        assert payload.decode_changes(JSON, json_of(patch)) == changes
        assert payload.decode_changes(CBOR, cbor2.dumps(patch)) == changes

    def test_integer_keys(self) -> None:
        changes = payload.decode_changes(CBOR, cbor2.dumps({5: "Gate", 6: None, 8: {"a": 1}}))
        assert changes == {"title": "Gate", "location": None, "meta": {"a": 1}}

    def test_faults(self) -> None:
        patch = {"deviceId": "x", "title": 5, "a/b": 1, "location": [91, 0], "meta": []}
        with pytest.raises(FieldErrors) as raised:
            payload.image_changes(patch)
        assert sorted(pointer for pointer, _ in pointers(raised.value)) == [
            *("/a~1b", "/deviceId", "/location", "/meta", "/title")
        ]
        assert ("/deviceId", "cannot be changed") in pointers(raised.value)

    def test_unknown_keys_are_not_echoed_without_bound(self) -> None:
        patch = {f"{number}{'k' * 1000}": 1 for number in range(1000)}
        with pytest.raises(FieldErrors) as raised:
            payload.image_changes(patch)
        assert len(raised.value.errors) == 10
        assert len(raised.value.detail) < 2000

    @pytest.mark.parametrize("patch", [None, [], "x", 5])
    def test_no_map(self, patch: object) -> None:
        with pytest.raises(PayloadError):
            payload.image_changes(patch)


def json_of(value: object) -> bytes:
    return json.dumps(value).encode()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=6,
)
names = st.sampled_from([*payload.KEYS, *payload.KEYS.values(), "other"])


@given(st.dictionaries(names, anything, max_size=8) | anything)
def test_any_value(value: object) -> None:
    for read in (lambda one: payload.image_fields(one, NOW), payload.image_changes):
        with suppress(WireError):
            read(value)


@given(st.dictionaries(st.sampled_from(list(payload.KEYS.values())), st.text(), max_size=8))
def test_any_texts(fields: dict[str, str]) -> None:
    with suppress(WireError):
        assert payload.text_fields(fields, DATA, NOW).data == DATA


@given(st.binary(max_size=40) | st.text(alphabet="0123456789abcdefABCDEF \n").map(str.encode))
def test_any_body(body: bytes) -> None:
    for media_type in (JSON, CBOR):
        with suppress(WireError):
            payload.decode_image(media_type, body, NOW)
        with suppress(WireError):
            payload.decode_changes(media_type, body)
