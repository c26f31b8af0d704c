"""SenML packs (RFC 8428): written, read, and their records resolved."""

import base64
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from core_api.wire import base64text, cbor, jsontext
from core_api.wire.errors import PayloadError, field_error
from core_api.wire.times import ABSOLUTE, Moment

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
VERSION = 10
VALUES = ("v", "vs", "vb", "vd")

Record = Mapping[str, object]

_NAMES: Mapping[object, str] = {number: name for name, number in LABELS.items()}
_BASES: Mapping[str, type | tuple[type, ...]] = {
    "bver": int,
    "bn": str,
    "bt": (int, float),
    "bu": str,
    "bv": (int, float),
    "bs": (int, float),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# RFC 8428 section 4.5.1.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")
_NAME_CHARACTERS = re.compile(r"[A-Za-z0-9:./_-]+")


def to_cbor(pack: Sequence[Record]) -> bytes:
    """The pack as application/senml+cbor."""
    return cbor.encode(
        [{LABELS.get(name, name): value for name, value in record.items()} for record in pack]
    )


def to_json(pack: Sequence[Record]) -> bytes:
    """The pack as application/senml+json, bytes in it as base64url without padding."""
    return jsontext.encode(
        [{name: _in_json(value) for name, value in record.items()} for record in pack]
    )


def from_cbor(body: bytes) -> list[object]:
    """The records of an application/senml+cbor body, labels by their names; `resolve` is next."""
    return [_named(record) for record in _listed(cbor.decode(body))]


def from_json(body: bytes) -> list[object]:
    """The records of an application/senml+json body; `resolve` is next."""
    return _listed(jsontext.decode(body))


def resolve(pack: Sequence[object]) -> list[dict[str, object] | PayloadError]:
    """The resolved records (RFC 8428 section 4.6), or what is wrong with one.

    The time stays as `t`, for `moment`. Records of base fields alone are left out. PayloadError
    where the pack is not to be used at all: for its version, a label that must be understood, or a
    base field whose meaning for the records behind it is not known.
    """
    for record in pack:
        if isinstance(record, dict):
            _check(record)
    return list(_resolved(pack))


def moment(seconds: float, now: datetime) -> Moment:
    """The moment of a resolved `t`: Unix seconds from 2^28 on, else relative to `now`."""
    relative = seconds < ABSOLUTE
    try:
        instant = (now if relative else _EPOCH) + timedelta(seconds=seconds)
    except OverflowError:
        raise field_error("/t", "is out of range") from None
    return Moment(instant, relative)


def data(value: object) -> bytes:
    """The bytes of a `vd`: a byte string, or base64url text that may leave out its padding."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise field_error("/vd", "is required" if value is None else "must be base64url text")
    padding = "" if value.endswith("=") else "=" * (-len(value) % 4)
    try:
        return base64text.decode(value + padding)
    except PayloadError:
        raise field_error("/vd", "is not base64url (RFC 4648)") from None


def is_name(text: str) -> bool:
    """Whether the text may be a resolved name."""
    return _NAME.fullmatch(text) is not None


def is_name_part(text: str) -> bool:
    """Whether the text may stand behind a base name."""
    return _NAME_CHARACTERS.fullmatch(text) is not None


def _in_json(value: object) -> object:
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).decode().rstrip("=")
    return value


def _listed(pack: object) -> list[object]:
    if not isinstance(pack, list):
        raise PayloadError("A SenML pack is an array of records.")
    return pack


def _named(record: object) -> object:
    if not isinstance(record, dict):
        return record
    named = {_NAMES.get(label, label): value for label, value in record.items()}
    if len(named) < len(record):
        raise PayloadError("A SenML record has a label twice, by name and by number.")
    return named


def _check(record: Mapping[object, object]) -> None:
    for label, value in record.items():
        if isinstance(label, str) and label.endswith("_"):
            raise PayloadError(f"The SenML label {label[:100]!r} is not understood here.")
        kind = _BASES.get(str(label))
        if kind is not None and (not isinstance(value, kind) or not _is_usable(value)):
            raise PayloadError(f"The SenML base field {label!r} has a value of another type.")
    version = record.get("bver", VERSION)
    if isinstance(version, int) and not 0 < version <= VERSION:
        raise PayloadError(f"SenML of version {version} is not understood here.")


def _is_usable(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, bool)


def _resolved(pack: Sequence[object]) -> Iterator[dict[str, object] | PayloadError]:
    base: dict[str, object] = {}
    for record in pack:
        if not isinstance(record, dict):
            yield PayloadError("A SenML record must be a map.")
            continue
        base |= {label: value for label, value in record.items() if label in _BASES}
        own = {label: value for label, value in record.items() if label not in _BASES}
        if own or not record:
            try:
                yield _with_base(own, base)
            except PayloadError as error:
                yield error


def _with_base(own: dict[str, object], base: Mapping[str, object]) -> dict[str, object]:
    name = own.get("n", "")
    if not isinstance(name, str):
        raise field_error("/n", "must be text")
    given = [label for label in VALUES if label in own]
    if len(given) > 1:
        raise field_error(f"/{given[1]}", f"is a second value beside {given[0]}")
    resolved = own | {"n": f"{base.get('bn', '')}{name}"}
    if "u" not in own and "bu" in base:
        resolved["u"] = base["bu"]
    sums = {"t": "bt", "s": "bs"} | ({} if given and given != ["v"] else {"v": "bv"})
    for label, base_label in sums.items():
        parts = [part for part in (base.get(base_label), own.get(label)) if part is not None]
        if parts:
            resolved[label] = sum(_number(part, label) for part in parts)
    return resolved


def _number(value: object, label: str) -> float:
    if isinstance(value, int | float) and _is_usable(value):
        return value
    raise field_error(f"/{label}", "must be a number")
