"""Which device took a picture, and when, as the place of its file says."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from collections_app.imaging.exif import taken
from core_api import sandbox
from core_api.wire.times import parse_moment_text

EXIF_SECONDS = 2.0
TIMES = ("exif", "name", "mtime")
DEVICE = "device"
_TIME = re.compile(
    r"(?<!\d)(?P<date>(?:19|20)\d\d-?\d\d-?\d\d)[T_ -]?"
    r"(?P<hour>\d\d)[-:.]?(?P<minute>\d\d)[-:.]?(?P<second>\d\d)(?P<fraction>[.,]\d{1,6})?"
    r"(?P<utc>Z)?(?!\d)"
)
_UNIX = re.compile(r"(?<!\d)(?P<seconds>\d{10})(?P<thousandths>\d{3})?(?!\d)")


class Unnamed(ValueError):
    """The file does not say what it was asked for."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How to tell device and time of a file.

    `device` is "folder", "name" (what stands before the time in the file's name) or a regular
    expression with a group `device` for the path below the folder that is read. `times` are tried
    in their order; `zone` is that of times without an offset.
    """

    device: str = "folder"
    times: Sequence[str] = ("exif", "name")
    zone: dt.tzinfo = dt.UTC
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        named = self.device in ("folder", "name")
        pattern = re.compile(f"(?P<{DEVICE}>)" if named else self.device)
        if DEVICE not in pattern.groupindex:
            raise ValueError("The pattern has no group (?P<device>...).")
        unknown = set(self.times) - set(TIMES)
        if unknown or not self.times:
            raise ValueError(f"Times come from {', '.join(TIMES)}.")
        object.__setattr__(self, "pattern", pattern)

    def device_of(self, path: PurePath) -> str:
        """The device of a file, whose path is below the folder that is read."""
        if self.device == "folder":
            if path.parent.name:
                return path.parent.name
            raise Unnamed("It lies in no folder of a device.")
        if self.device == "name":
            return _before_time(path.stem)
        found = self.pattern.search(path.as_posix())
        if found is None or not found[DEVICE]:
            raise Unnamed("The pattern finds no device in its path.")
        return found[DEVICE]

    def time_of(self, file: Path, data: bytes) -> dt.datetime:
        """When the picture in a file was taken."""
        for source in self.times:
            time = self._time(source, file, data)
            if time is not None:
                return time if time.tzinfo else time.replace(tzinfo=self.zone)
        raise Unnamed(f"It has no time ({', '.join(self.times)}).")

    def _time(self, source: str, file: Path, data: bytes) -> dt.datetime | None:
        if source == "mtime":
            return dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
        return _in_name(file.stem) if source == "name" else _in_exif(data)


def _before_time(stem: str) -> str:
    found = _TIME.search(stem) or _UNIX.search(stem)
    device = stem[: found.start()].rstrip("_-. ") if found else ""
    if not device:
        raise Unnamed("Its name has no device before a time.")
    return device


def _in_name(stem: str) -> dt.datetime | None:
    if found := _TIME.search(stem):
        clock = ":".join(found.group("hour", "minute", "second"))
        fraction = (found["fraction"] or "").replace(",", ".")
        return _parsed(f"{found['date'].replace('-', '')}T{clock}{fraction}{found['utc'] or ''}")
    if found := _UNIX.search(stem):
        seconds = f"{found['seconds']}.{found['thousandths'] or '0'}"
        return parse_moment_text(seconds, dt.datetime.now(dt.UTC)).instant
    return None


def _in_exif(data: bytes) -> dt.datetime | None:
    try:
        text = sandbox.call(f"{taken.__module__}:taken", data, cpu_seconds=EXIF_SECONDS)
    except (ValueError, sandbox.Crashed):
        return None
    return None if text is None else _parsed(text)


def _parsed(text: str) -> dt.datetime | None:
    """The time, aware where it has an offset; None where there is no such time."""
    try:
        return dt.datetime.fromisoformat(_six_digits(text))
    except ValueError:
        return None


def _six_digits(text: str) -> str:
    return re.sub(r"\.(\d+)", lambda found: f".{found[1][:6]:0<6}", text)
