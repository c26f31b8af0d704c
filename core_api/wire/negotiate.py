"""Content negotiation (RFC 9110 section 12.5.1)."""

import re
from collections.abc import Mapping, Sequence

_FORMATS: Mapping[str, str] = {
    "json": "application/json",
    "cbor": "application/cbor",
    "link": "application/link-format",
    "senml": "application/senml+json",
    "html": "text/html",
}
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\Z", re.ASCII)
MAX_RANGES = 64


def choose(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer that the Accept header prefers, the first one on a tie; None where none fits.

    The most specific range that matches an offer decides its quality. A header that is missing or
    empty accepts everything; ranges that are malformed and those behind the 64th are ignored.
    """
    if accept is None or not accept.strip():
        return offers[0]
    ranges = _ranges(accept)
    best, highest = None, 0.0
    for offer in offers:
        quality = _quality(offer, ranges)
        if quality > highest:
            best, highest = offer, quality
    return best


def format_media_type(name: str) -> str | None:
    """The media type that `format=` in a query names; None for a name that is not known."""
    return _FORMATS.get(name)


def _quality(offer: str, ranges: Mapping[str, float]) -> float:
    kind = offer.partition("/")[0]
    for name in (offer, f"{kind}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0


def _ranges(accept: str) -> dict[str, float]:
    ranges: dict[str, float] = {}
    for text in accept.split(",", MAX_RANGES)[:MAX_RANGES]:
        name, *parameters = (part.strip().lower() for part in text.split(";"))
        quality = _parse_quality(parameters)
        if "/" in name and quality is not None:
            ranges[name] = max(quality, ranges.get(name, 0.0))
    return ranges


def _parse_quality(parameters: Sequence[str]) -> float | None:
    """The weight among a range's parameters, 1 where there is none, None where it is malformed."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QUALITY.match(value.strip()) else None
    return 1.0
