"""What the figures were measured on."""

import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    *("django", "granian", "aiocoap", "djangorestframework", "gunicorn", "pillow"),
    *("celery", "huey", "django-tasks-db"),
)


def describe(folder: Path) -> str:
    """Cores, processor, kernel, versions, the file system of the data, the load before the run."""
    packages = ", ".join(_versions())
    lines = [
        f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}",
        f"data on {_file_system(folder)}, load average {os.getloadavg()[0]:.1f} before the run",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _versions() -> Iterator[str]:
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            yield f"{name} {version(name)}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """The type of the file system that holds the folder; tmpfs is not durable."""
    found = ("", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind = line.split()[:3]
        if folder.resolve().is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]


class Bystanders:
    """The processor time that went to anything but the bench and its servers, since it was made."""

    def __init__(self) -> None:
        self._total, self._busy = _processors()
        self._own = _own()

    def share(self) -> float:
        """The part of the time of all cores, in percent; nothing to quote when it is large."""
        total, busy = _processors()
        others = (busy - self._busy) - (_own() - self._own)
        return max(0.0, 100 * others / (total - self._total))


def _processors() -> tuple[float, float]:
    """Seconds of all cores since the start of the machine: in all, and not idle."""
    user, nice, system, idle, waiting, *others = (
        int(word) / os.sysconf("SC_CLK_TCK")
        for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    )
    busy = user + nice + system + sum(others)
    return busy + idle + waiting, busy


def _own() -> float:
    """Seconds of processor time of this process and of all that it has waited for."""
    return sum(os.times()[:4])
