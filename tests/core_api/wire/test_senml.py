"""core_api/wire/senml.py: labels, base fields, times and what makes a pack unusable (RFC 8428)."""

import datetime as dt
import json
from typing import Any

import cbor2
import pytest

from core_api.wire import senml
from core_api.wire.errors import PayloadError
from tests.shared import vectors

# The moments at which the published packs were resolved.
NOW = 1498780179
NOWS = {"ex7": 1499109309}

PACK = [
    {"bn": "coap://h/c/", "n": "cam-7/20261121T080000Z", "t": 1.5, "vs": "/x", "ct": "image/png"}
]


def test_cbor_has_numbers_for_labels() -> None:
    assert cbor2.loads(senml.to_cbor(PACK)) == [
        {-2: "coap://h/c/", 0: "cam-7/20261121T080000Z", 6: 1.5, 3: "/x", "ct": "image/png"}
    ]


def test_json_keeps_the_names() -> None:
    assert json.loads(senml.to_json(PACK)) == PACK


def test_an_empty_pack() -> None:
    assert (senml.to_cbor([]), senml.to_json([])) == (b"\x80", b"[]")


# The others were published without their resolution.
RESOLVED = [
    case for case in vectors("senml.json") if not isinstance(case, dict) or "resolved" in case
]


@pytest.mark.parametrize("case", RESOLVED)
@pytest.mark.parametrize("media_type", ["json", "cbor"])
def test_published_packs(case: dict[str, Any], media_type: str) -> None:
    pack = case["senml"]
    read = senml.from_json(json.dumps(pack).encode()) if media_type == "json" else in_cbor(pack)
    now = dt.datetime.fromtimestamp(NOWS.get(case["name"], NOW), dt.UTC)
    # The published resolutions have no data values.
    records = [one for one in senml.resolve(read) if isinstance(one, dict) and "vd" not in one]
    for record, expected in zip(records, case["resolved"], strict=True):
        instant = senml.moment(record.get("t", 0), now).instant
        record["t"] = pytest.approx(instant.timestamp(), rel=0, abs=1e-6)
        assert {key: record[key] for key in expected} == expected


def in_cbor(pack: list[dict[str, object]]) -> list[object]:
    return senml.from_cbor(senml.to_cbor(pack))


@pytest.mark.parametrize(
    "record",
    [
        {"bver": 11},
        {"bver": 0},
        {"bver": 5.5},
        {"bn": 7},
        {"bt": "x"},
        {"bt": True},
        {"n": "a", "v": 1, "shape_": "round"},
    ],
)
def test_a_pack_that_is_not_to_be_used(record: dict[str, object]) -> None:
    with pytest.raises(PayloadError):
        senml.resolve([{"n": "a", "v": 1}, record])


@pytest.mark.parametrize("body", [b"{}", b"5", b"[", b"\xef\xbb\xbf[]"])
def test_json_that_is_no_pack(body: bytes) -> None:
    with pytest.raises(PayloadError):
        senml.from_json(body)


def test_a_label_by_name_and_by_number() -> None:
    with pytest.raises(PayloadError, match="twice"):
        senml.from_cbor(cbor2.dumps([{0: "a", "n": "b"}]))


@pytest.mark.parametrize("text", ["-_8", "-_8=", "+/8="])
def test_data_in_json(text: str) -> None:
    assert senml.data(text) == b"\xfb\xff"


@pytest.mark.parametrize("value", [None, 5, "a", "-_9", "a b="])
def test_data_that_is_none(value: object) -> None:
    with pytest.raises(PayloadError):
        senml.data(value)
