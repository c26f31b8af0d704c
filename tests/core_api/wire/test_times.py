"""Timestamps in every form that the contract takes."""

import datetime as dt
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.wire.errors import FieldErrors, WireError
from core_api.wire.times import (
    EpochTime,
    Moment,
    parse_moment,
    parse_moment_text,
    parse_stamp,
    to_rfc3339,
    to_stamp,
)

NOW = datetime(2026, 11, 21, 8, 30, 0, 250_000, tzinfo=UTC)
EIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC)
UNIX = 1_795_248_000

instants = st.datetimes(timezones=st.just(UTC))


def fraction(microsecond: int) -> datetime:
    return EIGHT.replace(microsecond=microsecond)


TEXTS = [
    ("2026-11-21T08:00:00Z", EIGHT),
    ("2026-11-21t08:00:00z", EIGHT),
    ("2026-11-21 08:00:00Z", EIGHT),
    ("2026-11-21T08:00:00", EIGHT),
    ("2026-11-21 08:00", EIGHT),
    ("2026-11-21T08", EIGHT),
    ("2026-11-21T09:00:00+01:00", EIGHT),
    ("2026-11-21T09:00:00+01", EIGHT),
    ("2026-11-21T02:30:00-0530", EIGHT),
    ("2026-11-21T08:00:00-00:00", EIGHT),
    ("2026-11-21T08:00:00.5Z", fraction(500_000)),
    ("2026-11-21T08:00:00,25Z", fraction(250_000)),
    ("2026-11-21T08:00:00.000001Z", fraction(1)),
    ("2026-11-21T08:00:00.123456999Z", fraction(123_456)),
    ("20261121T080000Z", EIGHT),
    ("20261121T080000.000007Z", fraction(7)),
    ("2026-W47-6T08:00:00Z", EIGHT),
    ("2026W476T080000Z", EIGHT),
    ("2026-11-21", EIGHT.replace(hour=0)),
    ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ("20170101T005960+0100", datetime(2017, 1, 1, tzinfo=UTC)),
    ("2016-12-31T23:59:60.5Z", datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
    ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ("9999-12-31T23:59:59.999999Z", datetime.max.replace(tzinfo=UTC)),
]
NO_TIMES = [
    "",
    "yesterday",
    "2026-11-21T",
    "2026-11-21T8:00:00Z",
    "2026-11-21T08:00:00 Z",
    " 2026-11-21T08:00:00Z",
    "2026-11-21T08:00:00Z\n",
    "2026-11-21T08:00.5Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T08:60:00Z",
    "2026-11-21T08:00:61Z",
    "2026-11-21T08:00:60Z",
    "2026-02-30T08:00:00Z",
    "2026-13-01T08:00:00Z",
    "2026-325T08:00:00Z",
    "2026-11-21T08:00:00+24:00",
    "2026-11-21T08:00:00+1",
    "2026-11-21T08:00:00 01:00",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:00:00-01:00",
    "9999-12-31T23:59:60Z",
    "10000-01-01T00:00:00Z",
    "-2026-11-21T08:00:00Z",
    "\uff12026-11-21T08:00:00Z",
    "2026-11-21T08:00:0\u0660Z",
    "2026-11-21\ud80008:00:00Z",
    "\0",
    "1795248000",
    "2026-11-21T08:00:00." + "1" * 200 + "Z",
    "9" * 10_000,
]


@pytest.mark.parametrize(("text", "instant"), TEXTS)
def test_text(text: str, instant: datetime) -> None:
    expected = Moment(instant, relative=False)
    assert parse_moment(text, NOW) == parse_moment_text(text, NOW) == expected
    assert parse_moment(text, NOW).instant.tzinfo is UTC


@pytest.mark.parametrize("text", NO_TIMES)
def test_text_that_is_no_time(text: str) -> None:
    with pytest.raises(FieldErrors) as raised:
        parse_moment(text, NOW)
    assert raised.value.pointer == "/timestamp"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (UNIX, Moment(EIGHT, relative=False)),
        (UNIX + 0.5, Moment(fraction(500_000), relative=False)),
        (1795248000.123456, Moment(fraction(123_456), relative=False)),
        (2**28, Moment(datetime(1978, 7, 4, 21, 24, 16, tzinfo=UTC), relative=False)),
        (0, Moment(NOW, relative=True)),
        (-0.0, Moment(NOW, relative=True)),
        (-30, Moment(NOW - dt.timedelta(seconds=30), relative=True)),
        (-0.25, Moment(NOW - dt.timedelta(milliseconds=250), relative=True)),
    ],
)
def test_number(number: float, expected: Moment) -> None:
    assert parse_moment(number, NOW) == expected
    assert parse_moment_text(str(number), NOW) == expected


def test_relative_time_is_utc_whatever_the_clock() -> None:
    clock = NOW.astimezone(dt.timezone(dt.timedelta(hours=5)))
    instant = parse_moment(0, clock).instant
    assert (instant, instant.tzinfo) == (NOW, UTC)


@pytest.mark.parametrize(
    "value",
    [
        *(1, 0.5, 2**28 - 1, float("nan"), float("inf"), float("-inf")),
        *(10**11 * 4, -(10**12), 1e300, -1e300, 10**400, -(10**400)),
        *(True, False, [], {}, b"2026-11-21T08:00:00Z", object()),
    ],
)
def test_value_that_is_no_time(value: object) -> None:
    with pytest.raises(FieldErrors) as raised:
        parse_moment(value, NOW)
    assert raised.value.pointer == "/timestamp"


def test_nothing_is_required() -> None:
    with pytest.raises(FieldErrors) as raised:
        parse_moment(None, NOW, "/from")
    assert (raised.value.detail, raised.value.pointer) == ("from is required.", "/from")


@pytest.mark.parametrize("seconds", [0, 10, -1, UNIX, 1.5])
def test_epoch_time_is_never_relative(seconds: float) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = Moment(epoch + dt.timedelta(seconds=seconds), relative=False)
    assert parse_moment(EpochTime(seconds), NOW) == expected


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 2**63, -(2**63)])
def test_epoch_time_out_of_range(seconds: float) -> None:
    with pytest.raises(FieldErrors) as raised:
        parse_moment(EpochTime(seconds), NOW)
    assert raised.value.detail == "timestamp is out of range."


class TestQuery:
    @pytest.mark.parametrize(
        "text", ["2026-11-21T09:00:00 01:00", "2026-11-21 09:00 0100", "20261121T090000 01"]
    )
    def test_space_is_the_sign_of_an_offset(self, text: str) -> None:
        assert parse_moment_text(text, NOW) == Moment(EIGHT, relative=False)

    @pytest.mark.parametrize(
        "text", ["", "+5", " 1795248000", "1_795_248_000", "1e9", "0x1", "nan", "5", "9" * 5000]
    )
    def test_no_time(self, text: str) -> None:
        with pytest.raises(FieldErrors) as raised:
            parse_moment_text(text, NOW, "/to")
        assert raised.value.pointer == "/to"


class TestStamp:
    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("20261121T080000Z", EIGHT),
            ("20261121T080000.000250Z", fraction(250)),
            ("2026-11-21T08:00:00Z", EIGHT),
            ("2026-11-21t08:00:00.5z", fraction(500_000)),
            ("2026-11-21T10:00:00+02:00", EIGHT),
        ],
    )
    def test_parse(self, text: str, instant: datetime) -> None:
        assert parse_stamp(text) == instant

    @pytest.mark.parametrize(
        "text",
        [
            *("", "latest", "20261121", "20261121T080000", "20261121T080000.5Z", "0"),
            *("20261321T080000Z", "2026-11-21", "2026-11-21T08:00:00", "20261121t080000z"),
        ],
    )
    def test_refuse(self, text: str) -> None:
        with pytest.raises(FieldErrors) as raised:
            parse_stamp(text)
        assert raised.value.pointer == "/timestamp"


@pytest.mark.parametrize(
    ("instant", "rfc3339", "stamp"),
    [
        (EIGHT, "2026-11-21T08:00:00Z", "20261121T080000Z"),
        (fraction(500), "2026-11-21T08:00:00.000500Z", "20261121T080000.000500Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z", "00010101T000000Z"),
        (
            EIGHT.astimezone(dt.timezone(dt.timedelta(hours=-7))),
            "2026-11-21T08:00:00Z",
            "20261121T080000Z",
        ),
    ],
)
def test_write(instant: datetime, rfc3339: str, stamp: str) -> None:
    assert (to_rfc3339(instant), to_stamp(instant)) == (rfc3339, stamp)


@given(instants)
def test_round_trip(instant: datetime) -> None:
    assert parse_stamp(to_stamp(instant)) == parse_stamp(to_rfc3339(instant)) == instant
    assert parse_moment_text(to_rfc3339(instant), NOW) == Moment(instant, relative=False)


@given(st.one_of(st.text(), st.text(alphabet="0123456789-+:.TtZzW, ", max_size=40)))
def test_any_text(text: str) -> None:
    for parse in (parse_moment, parse_moment_text):
        with suppress(WireError):
            assert parse(text, NOW).instant.tzinfo is UTC


@given(st.one_of(st.integers(), st.floats(), st.booleans(), st.binary()))
def test_any_value(value: Any) -> None:
    for candidate in (value, EpochTime(value)) if type(value) in (int, float) else (value,):
        with suppress(WireError):
            assert parse_moment(candidate, NOW).instant.tzinfo is UTC
