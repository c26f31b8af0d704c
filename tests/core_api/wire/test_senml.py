"""core_api/wire/senml.py: the labels of RFC 8428 section 6."""

import json

import cbor2

from core_api.wire import senml

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
