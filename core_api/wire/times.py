"""Timestamps: RFC 3339 text, Unix seconds, seconds from the server's clock, stamps in paths."""

import datetime as dt
import math
import re
from dataclasses import dataclass

from core_api.wire.errors import PayloadError

POINTER = "/timestamp"
# As in RFC 8428 section 4.5.3: from here on a number is an absolute time.
ABSOLUTE_FROM = 2**28

_NUMBER = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})\Z", re.ASCII)
_TEXT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d|\d{8})"
    r"(?:[Tt _](?P<clock>\d\d:?\d\d(?::?(?P<seconds>\d\d)(?:[.,](?P<fraction>\d{1,30}))?)?))?"
    r"(?P<offset>[Zz]|[+-]\d\d(?::?\d\d)?)?\Z",
    re.ASCII,
)
_LOST_PLUS = re.compile(r" (?=\d\d(?::?\d\d)?\Z)")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time (aware, UTC); `relative` says that it was counted from the server's clock."""

    instant: dt.datetime
    relative: bool


@dataclass(frozen=True, slots=True)
class UnixTime:
    """Seconds since 1970 whatever their size, as CBOR tag 1 has them (RFC 8949 section 3.4.2)."""

    seconds: float


def parse_moment(value: object, now: dt.datetime) -> Moment:
    """The moment that a field holds: text, a number, or what CBOR tags 0 and 1 became.

    A number above 2^28 is Unix seconds, one of 0 or below counts from `now` (UTC); 0 < n <= 2^28
    is refused. PayloadError with the pointer /timestamp where the value is no time.
    """
    if isinstance(value, UnixTime):
        return Moment(_from_unix(value.seconds), relative=False)
    if isinstance(value, str):
        return Moment(_from_text(value), relative=False)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PayloadError("timestamp must be RFC 3339 text or a number.", POINTER)
    return _from_number(value, now)


def parse_moment_text(text: str, now: dt.datetime) -> Moment:
    """The moment in a query or form, where digits are a number and a lost `+` is a space."""
    if _NUMBER.match(text):
        return _from_number(float(text), now)
    if text.count(" ") - (":" in text and text[10:11] == " ") == 1:
        text = _LOST_PLUS.sub("+", text)
    return parse_moment(text, now)


def to_rfc3339(instant: dt.datetime) -> str:
    """The instant in UTC with `Z`; six digits of a fraction where it has one."""
    utc = instant.astimezone(dt.UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds" if utc.microsecond else "seconds") + "Z"


def to_stamp(instant: dt.datetime) -> str:
    """The instant as a path segment: YYYYMMDDTHHMMSSZ, with .ffffff where it has a fraction."""
    return to_rfc3339(instant).replace("-", "").replace(":", "")


def parse_stamp(text: str) -> dt.datetime:
    """The instant of a path segment: a stamp, or RFC 3339; PayloadError where it is neither."""
    return _from_text(text)


def _from_text(text: str) -> dt.datetime:
    match = _TEXT.match(text)
    if match is None:
        raise PayloadError("timestamp is no RFC 3339 time.", POINTER)
    try:
        return _from_parts(match)
    except (ValueError, OverflowError):
        raise PayloadError("timestamp is no time of the calendar.", POINTER) from None


def _from_parts(match: re.Match[str]) -> dt.datetime:
    clock = (match["clock"] or "00").replace(",", ".").partition(".")[0]
    # A leap second is the first second of the next minute (RFC 3339 section 5.7 allows it).
    leap = match["seconds"] == "60"
    if leap:
        clock = clock[:-2] + "59"
    moment = dt.datetime.fromisoformat(f"{match['date']}T{clock}")
    micros = (match["fraction"] or "").ljust(6, "0")[:6]
    moment += dt.timedelta(seconds=int(leap), microseconds=int(micros))
    return moment.replace(tzinfo=_offset(match["offset"])).astimezone(dt.UTC)


def _offset(text: str | None) -> dt.tzinfo:
    if text is None or text in "Zz":
        return dt.UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    span = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-span if text.startswith("-") else span)


def _from_number(number: float, now: dt.datetime) -> Moment:
    if isinstance(number, float) and not math.isfinite(number):
        raise PayloadError("timestamp must be a finite number.", POINTER)
    if number > ABSOLUTE_FROM:
        return Moment(_from_unix(number), relative=False)
    if number > 0:
        raise PayloadError(
            f"timestamp must be above {ABSOLUTE_FROM} (Unix seconds), or 0 or below "
            "(seconds from now).",
            POINTER,
        )
    try:
        return Moment(now + dt.timedelta(seconds=number), relative=True)
    except OverflowError:
        raise PayloadError("timestamp is out of range.", POINTER) from None


def _from_unix(seconds: float) -> dt.datetime:
    try:
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise PayloadError("timestamp is out of range.", POINTER) from None
