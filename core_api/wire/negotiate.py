"""Proactive content negotiation: RFC 9110 section 12.5.1."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from core_api.wire.media import base_type

# Nobody means more; the work on a hostile header stays bounded.
MAX_RANGES = 100
MAX_REMEMBERED = 200

_FORMATS: Mapping[str, str] = {
    "json": "application/json",
    "cbor": "application/cbor",
    "link": "application/link-format",
    "senml": "application/senml+json",
    "html": "text/html",
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "tar": "application/x-tar",
}
_QUOTED = r'"(?:[^"\\]|\\.)*"?'
_RANGE = re.compile(rf'(?:[^,"]|{_QUOTED})+', re.DOTALL)
_PARAMETER = re.compile(rf'(?:[^;"]|{_QUOTED})+', re.DOTALL)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_WEIGHT = re.compile(r"0(?:\.[0-9]*)?|1(?:\.0*)?")


class _Range(NamedTuple):
    """A media range: `specificity` from 0 for */* to 3 for a type without parameters."""

    specificity: int
    weight: float
    kind: str
    subtype: str

    def fits(self, media_type: str) -> bool:
        kind, _, subtype = media_type.partition("/")
        return self.kind in ("*", kind) and self.subtype in ("*", subtype)


def choose(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offered media type that an Accept header prefers; None where it accepts none.

    The most specific range that fits an offer gives its weight; ties go to the first offer, and
    so does a header that is missing or empty. Malformed ranges are ignored; parameters of a
    range are tolerated, and count after the same range without them.
    """
    header = accept or ""
    find = _best if len(header) > MAX_REMEMBERED else _remembered
    return find(header, tuple(offers))


def _best(accept: str, offers: tuple[str, ...]) -> str | None:
    ranges = list(_ranges(accept))
    if not ranges:
        return offers[0] if offers else None
    best = max(offers, key=lambda offer: _weight(offer, ranges), default=None)
    return best if best is not None and _weight(best, ranges) > 0 else None


# A client sends the same header with every request.
_remembered = lru_cache(maxsize=256)(_best)


def format_media_type(name: str) -> str | None:
    """The media type that `format=` in a query names; None for a name that is not known."""
    return _FORMATS.get(name)


def _weight(offer: str, ranges: Sequence[_Range]) -> float:
    media_type = base_type(offer)
    fitting = [(one.specificity, one.weight) for one in ranges if one.fits(media_type)]
    return max(fitting, default=(0, 0.0))[1]


def _ranges(accept: str) -> Iterator[_Range]:
    for number, found in enumerate(_RANGE.finditer(accept)):
        if number == MAX_RANGES:
            return
        one = _range(found.group())
        if one is not None:
            yield one


def _range(text: str) -> _Range | None:
    name, _, rest = text.partition(";")
    kind, _, subtype = name.strip().lower().partition("/")
    if not (_NAME.fullmatch(kind) and _NAME.fullmatch(subtype)) or (kind == "*" != subtype):
        return None
    has_parameters = False
    weight = "1"
    for parameter in _PARAMETER.findall(rest):
        key, _, value = parameter.strip().partition("=")
        if key in ("q", "Q"):
            weight = value
            break
        has_parameters = True
    if not _WEIGHT.fullmatch(weight):
        return None
    specificity = _specificity(kind, subtype, has_parameters=has_parameters)
    return _Range(specificity, float(weight), kind, subtype)


def _specificity(kind: str, subtype: str, *, has_parameters: bool) -> int:
    if subtype == "*":
        return 0 if kind == "*" else 1
    return 2 if has_parameters else 3
