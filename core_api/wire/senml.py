"""SenML packs (RFC 8428): the labels of its CBOR form."""

from collections.abc import Mapping, Sequence

from core_api.wire import cbor, jsontext

# RFC 8428 section 6; `ct` (RFC 9193) has no number.
LABELS = {
    "bver": -1,
    "bn": -2,
    "bt": -3,
    "bu": -4,
    "bv": -5,
    "bs": -6,
    "n": 0,
    "u": 1,
    "v": 2,
    "vs": 3,
    "vb": 4,
    "s": 5,
    "t": 6,
    "ut": 7,
    "vd": 8,
}

Record = Mapping[str, object]


def to_cbor(pack: Sequence[Record]) -> bytes:
    """The pack as application/senml+cbor."""
    return cbor.encode(
        [{LABELS.get(name, name): value for name, value in record.items()} for record in pack]
    )


def to_json(pack: Sequence[Record]) -> bytes:
    """The pack as application/senml+json."""
    return jsontext.encode(list(pack))
