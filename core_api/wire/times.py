"""Instants as clients write them: RFC 3339 / ISO 8601 text, Unix seconds, the stamp of a path.

All instants are aware datetimes in UTC with microsecond precision.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core_api.wire.errors import FieldErrors, field_error

TIMESTAMP = "/timestamp"
# RFC 8428 section 4.5.3: from here on a number is Unix seconds.
ABSOLUTE = 2**28

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_TEXT = 100
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_ISO = re.compile(
    r"(?P<date>[0-9W-]{7,10})"
    r"(?:[Tt ](?P<time>(?!24)[0-9]{2}(?::?[0-9]{2}(?P<second>:?[0-9]{2}(?:[.,][0-9]+)?)?)?)"
    r"(?P<offset>[Zz]|[+ -][0-9]{2}(?::?[0-9]{2}){0,2})?)?"
)
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}(?:\.[0-9]{6})?Z")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant; `relative` when it was given relative to the server's clock."""

    instant: datetime
    relative: bool


@dataclass(frozen=True, slots=True)
class EpochTime:
    """CBOR tag 1 (RFC 8949 section 3.4.2): Unix seconds, small and negative ones too."""

    seconds: int | float


def parse_moment(value: object, now: datetime, pointer: str = TIMESTAMP) -> Moment:
    """The moment that a JSON or CBOR value gives.

    Text is RFC 3339 or ISO 8601, UTC where it has no offset. A number is Unix seconds from 2^28
    on, 0 is `now` and a negative one that many seconds before it; EpochTime is always Unix
    seconds. Raises FieldErrors at `pointer` for anything else.
    """
    match value:
        case None:
            raise field_error(pointer, "is required")
        case EpochTime():
            return Moment(_after(_EPOCH, value.seconds, pointer), relative=False)
        case int() | float() if not isinstance(value, bool):
            return _numbered(value, now, pointer)
        case str():
            return Moment(_iso(value, pointer), relative=False)
    raise field_error(pointer, "must be RFC 3339 text or a number of seconds")


def parse_moment_text(text: str, now: datetime, pointer: str = TIMESTAMP) -> Moment:
    """The moment that a query or form field gives; FieldErrors at `pointer` where it gives none.

    A plain number is one of seconds, as in `parse_moment`. A space where the sign of an offset
    belongs is a `+` that was decoded as a query's space.
    """
    if _NUMBER.fullmatch(text):
        return _numbered(float(text) if "." in text else int(text), now, pointer)
    return Moment(_iso(text, pointer, spaced_offset=True), relative=False)


def parse_stamp(text: str, pointer: str = TIMESTAMP) -> datetime:
    """The instant of a path's stamp, `YYYYMMDDTHHMMSS[.ffffff]Z` or RFC 3339.

    Raises FieldErrors at `pointer`.
    """
    if not (_STAMP.fullmatch(text) or _RFC3339.fullmatch(text)):
        raise field_error(pointer, "must be YYYYMMDDTHHMMSS[.ffffff]Z or RFC 3339")
    return _iso(text, pointer)


def to_rfc3339(instant: datetime) -> str:
    """The instant as RFC 3339 in UTC, such as 2026-11-21T08:00:00Z; six digits of a fraction."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def to_stamp(instant: datetime) -> str:
    """The instant as a path segment, such as 20261121T080000Z; six digits of a fraction."""
    return to_rfc3339(instant).replace("-", "").replace(":", "")


def _numbered(seconds: float, now: datetime, pointer: str) -> Moment:
    if seconds >= ABSOLUTE:
        return Moment(_after(_EPOCH, seconds, pointer), relative=False)
    if seconds <= 0:
        return Moment(_after(now.astimezone(UTC), seconds, pointer), relative=True)
    if math.isnan(seconds):
        raise field_error(pointer, "is not a number")
    raise field_error(pointer, "must be Unix seconds above 2^28, or 0 or less: seconds before now")


def _after(start: datetime, seconds: float, pointer: str) -> datetime:
    try:
        return start + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise field_error(pointer, "is out of range") from None


def _iso(text: str, pointer: str, *, spaced_offset: bool = False) -> datetime:
    found = _ISO.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if found is None:
        raise _no_time(pointer)
    offset = (found["offset"] or "Z").upper()
    if offset.startswith(" ") and not spaced_offset:
        raise _no_time(pointer)
    time, _, fraction = (found["time"] or "00").replace(",", ".").partition(".")
    leap = found["second"] is not None and time.endswith("60")
    time = time[:-2] + "59" if leap else time
    fraction = f".{fraction[:6]:0<6}" if fraction else ""
    written = f"{found['date']}T{time}{fraction}{offset.replace(' ', '+')}"
    try:
        instant = datetime.fromisoformat(written).astimezone(UTC)
    except OverflowError:
        raise field_error(pointer, "is out of range") from None
    except ValueError:
        raise _no_time(pointer) from None
    return _next_day(instant, pointer) if leap else instant


def _next_day(instant: datetime, pointer: str) -> datetime:
    """A leap second counts as the first of the next day, as in Unix time; it ends a day in UTC."""
    if (instant.hour, instant.minute) != (23, 59):
        raise field_error(pointer, "has a leap second that does not end a day in UTC")
    return _after(instant, 1, pointer)


def _no_time(pointer: str) -> FieldErrors:
    return field_error(pointer, "must be an RFC 3339 time such as 2026-11-21T08:00:00Z")
