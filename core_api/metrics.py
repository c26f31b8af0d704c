"""Numbers for monitoring, in Prometheus' text format (version 0.0.4).

A room registers a function that gives its metrics. They are the same in every process, for they are
read from the database; so each process keeps what it has read for a few seconds.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count

from core_api.background.models import Job
from core_api.storage import totals

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KEEP_SECONDS = 10.0

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A metric and its values, each under its labels."""

    name: str
    help: str
    values: Sequence[tuple[Labels, int]]


Source = Callable[[], Iterable[Gauge]]


def _of_storage() -> Iterator[Gauge]:
    found = totals.totals()
    names = [
        ({"encoding": one.encoding, "outcome": one.outcome or "waiting"}, one) for one in found
    ]
    yield Gauge(
        "coapture_blobs",
        "Different image files, by the encoding of their objects and the outcome of compression.",
        [(labels, one.blobs) for labels, one in names],
    )
    yield Gauge(
        "coapture_received_bytes",
        "Bytes of these files as they were received.",
        [(labels, one.received) for labels, one in names],
    )
    yield Gauge(
        "coapture_stored_bytes",
        "Bytes of their objects.",
        [(labels, one.stored) for labels, one in names],
    )
    yield Gauge("coapture_doomed_objects", "Objects to be deleted soon.", [({}, totals.doomed())])


def _of_jobs() -> Iterator[Gauge]:
    counts = Job.objects.values_list("status").annotate(Count("pk")).order_by("status")
    values = [({"status": status}, count) for status, count in counts]
    yield Gauge("coapture_jobs", "Jobs that are kept, by their status.", values)


_sources: list[Source] = [_of_storage, _of_jobs]


def register(source: Source) -> None:
    """Have the source's metrics among the others."""
    if source not in _sources:
        _sources.append(source)


class _Kept:
    """The text that was made last."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._until = 0.0
        self._text = b""

    def text(self) -> bytes:
        with self._guard:
            text, is_old = self._text, time.monotonic() >= self._until
        if is_old:
            text = b"".join(_lines(gauge) for source in _sources for gauge in source())
            with self._guard:
                self._text, self._until = text, time.monotonic() + KEEP_SECONDS
        return text

    def forget(self) -> None:
        with self._guard:
            self._until = 0.0


_kept = _Kept()
text = _kept.text
forget = _kept.forget


def _lines(gauge: Gauge) -> bytes:
    head = f"# HELP {gauge.name} {gauge.help}\n# TYPE {gauge.name} gauge\n"
    lines = [f"{gauge.name}{_labels(labels)} {value}\n" for labels, value in gauge.values]
    return "".join((head, *lines)).encode()


def _labels(labels: Labels) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
