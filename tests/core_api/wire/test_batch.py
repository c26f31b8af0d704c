"""core_api/wire/batch.py: many images in one body, each on its own."""

import base64
import datetime as dt
import json

import cbor2
import pytest

from core_api.wire import batch
from core_api.wire.errors import PayloadError

NOW = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)
TIME = 1_795_248_000
COLLECTION = "/collections/images"


def images(media_type: str, body: bytes) -> list[object] | None:
    """For each image its device, time and bytes; for each error its detail."""
    items = batch.images(media_type, body, NOW, COLLECTION)
    if items is None:
        return None
    return [
        item.detail
        if isinstance(item, PayloadError)
        else (item.device_id, item.moment.instant, item.data)
        for item in items
    ]


def member(device: object, data: object = b"x") -> dict[str, object]:
    if isinstance(data, bytes):
        data = base64.b64encode(data).decode()
    return {"deviceId": device, "timestamp": TIME, "imageData": data}


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (batch.JSON, b'{"deviceId": []}'),
        (batch.CBOR, b"\xa0"),
        (batch.CBOR, b"A0"),
        (batch.CBOR, b"\xd9\xd9\xf7\xa0"),
        (batch.CBOR, b""),
        (batch.JSON, b""),
    ],
)
def test_one_map_is_no_batch(media_type: str, body: bytes) -> None:
    assert images(media_type, body) is None


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (batch.JSON, b"[]"),
        (batch.JSON, b" \n[ ]"),
        (batch.CBOR, b"\x80"),
        (batch.CBOR, b"\x9f\xff"),
        (batch.CBOR, b"80"),
        (batch.CBOR_SEQ, b""),
        (batch.SENML_JSON, b"[]"),
        (batch.SENML_CBOR, b"\x80"),
    ],
)
def test_an_empty_batch(media_type: str, body: bytes) -> None:
    assert images(media_type, body) == []


def test_a_json_array() -> None:
    body = json.dumps([member("a"), 5, member("b", "?"), member(7)]).encode()
    assert images(batch.JSON, body) == [
        ("a", NOW, b"x"),
        "This must be a map of fields.",
        "imageData is not base64 (RFC 4648).",
        ("7", NOW, b"x"),
    ]


def test_json_that_is_wrong_inside_one_item() -> None:
    body = b'[{"deviceId": "\xff"}, %s]' % json.dumps(member("a")).encode()
    wrong, good = images(batch.JSON, body) or []
    assert "cannot be read" in str(wrong)
    assert good == ("a", NOW, b"x")


@pytest.mark.parametrize("body", [b"[{}", b"[{}] {}", b"[{},]", b"[" * 5000])
def test_json_that_is_no_array(body: bytes) -> None:
    with pytest.raises(PayloadError):
        images(batch.JSON, body)


MAP = cbor2.dumps({1: "a", 2: TIME, 3: b"x"})
TAGGED = b"\xa1\x01\xd8\x23\x61a"
TWICE = b"\xa2\x01\x61a\x01\x61b"


@pytest.mark.parametrize(
    "body",
    [
        b"\x84" + MAP + TAGGED + TWICE + MAP,
        b"\xd9\xd9\xf7\x84" + MAP + TAGGED + TWICE + MAP,
        b"\x9f" + MAP + TAGGED + TWICE + MAP + b"\xff",
        (b"\x84" + MAP + TAGGED + TWICE + MAP).hex().encode(),
    ],
)
def test_a_cbor_array_whose_items_hold_what_is_not_accepted(body: bytes) -> None:
    first, tagged, twice, last = images(batch.CBOR, body) or []
    assert first == last == ("a", NOW, b"x")
    assert "tag 35" in str(tagged)
    assert "cannot be read" in str(twice)


@pytest.mark.parametrize("body", [b"\x82" + MAP, b"\x81" + MAP + b"\x00", b"\x9f" + MAP, b"\x9b"])
def test_cbor_that_is_no_array(body: bytes) -> None:
    with pytest.raises(PayloadError):
        images(batch.CBOR, body)


def test_a_cbor_sequence_that_breaks_off() -> None:
    first, tagged, second, rest = images(batch.CBOR_SEQ, MAP + TAGGED + MAP + MAP[:-1]) or []
    assert first == second == ("a", NOW, b"x")
    assert "tag 35" in str(tagged)
    assert "ends early" in str(rest)


def test_nothing_is_decoded_before_its_turn() -> None:
    items = batch.images(batch.CBOR_SEQ, MAP + b"\x05", NOW, COLLECTION)
    assert items is not None
    assert isinstance(next(items), batch.ImageFields)


DATA = "eA"


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("cam-7", "cam-7"),
        ("urn:dev:mac:0024befffe804ff1", "urn:dev:mac:0024befffe804ff1"),
        ("/collections/images/cam-7", "cam-7"),
        ("coap://[::1]:5683/collections/images/cam-7/20261121T080000Z", "cam-7"),
        ("http://h/collections/images/a/b/20261121T080000.000001Z", "a/b"),
        ("cam-7/20261121T080000Z", "cam-7"),
        ("http://h/collections/images/-1", "-1"),
    ],
)
def test_senml_names(name: str, device: str) -> None:
    body = json.dumps([{"n": name, "t": TIME, "vd": DATA}]).encode()
    assert images(batch.SENML_JSON, body) == [(device, NOW, b"x")]


@pytest.mark.parametrize("name", ["", "a b", "-a", "ä", "coap://h/collections/images/", "a" * 101])
def test_senml_names_that_are_none(name: str) -> None:
    body = json.dumps([{"n": name, "t": TIME, "vd": DATA}, {"n": "b", "t": TIME, "vd": DATA}])
    wrong, good = images(batch.SENML_JSON, body.encode()) or []
    assert str(wrong).startswith("n ")
    assert good == ("b", NOW, b"x")


def test_senml_cbor_with_base_fields() -> None:
    pack = [
        {-2: f"coap://h{COLLECTION}/cam-", -3: TIME, 0: "7", 8: b"x", "ct": "image/png"},
        {"n": "8", 6: 60, 8: b"y"},
        {-2: ""},
        {0: "cam-9", 2: 5},
        {0: "cam-9", 2: 5, 8: b"z"},
    ]
    assert images(batch.SENML_CBOR, cbor2.dumps(pack)) == [
        ("cam-7", NOW, b"x"),
        ("cam-8", NOW + dt.timedelta(minutes=1), b"y"),
        "vd is required.",
        "vd is a second value beside v.",
    ]


@pytest.mark.parametrize(
    ("record", "instant", "relative"),
    [
        ({}, NOW, True),
        ({"t": -30}, NOW - dt.timedelta(seconds=30), True),
        ({"t": 30}, NOW + dt.timedelta(seconds=30), True),
        ({"bt": TIME, "t": 0.25}, NOW + dt.timedelta(milliseconds=250), False),
        ({"n": "a/20200101T000000Z"}, dt.datetime(2020, 1, 1, tzinfo=dt.UTC), False),
        ({"n": "a/20200101T000000Z", "t": TIME}, NOW, False),
    ],
)
def test_senml_times(record: dict[str, object], instant: dt.datetime, relative: bool) -> None:
    body = json.dumps([{"n": "a", "vd": DATA} | record]).encode()
    (item,) = batch.images(batch.SENML_JSON, body, NOW, COLLECTION) or ()
    assert isinstance(item, batch.ImageFields)
    assert (item.moment.instant, item.moment.relative) == (instant, relative)


@pytest.mark.parametrize(
    "record", [{"t": "now"}, {"t": True}, {"t": 1e300}, {"n": 7}, {"vd": 5}, {"vd": "a"}, 5]
)
def test_a_senml_record_that_is_wrong_alone(record: object) -> None:
    good = {"n": "a", "t": TIME, "vd": DATA}
    wrong = good | record if isinstance(record, dict) else record
    items = images(batch.SENML_JSON, json.dumps([wrong, good]).encode()) or []
    assert isinstance(items[0], str)
    assert items[1] == ("a", NOW, b"x")
