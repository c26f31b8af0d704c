"""POST and GET over HTTP, ours beside the peer, round about."""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import images, requests, servers
from bench.load import BenchError, Report, report_of
from bench.plan import Plan
from bench.servers import Server
from bench.tables import Goal, errors, median, messages, ratios, span, table

A_ROUND = 12_000
GET_GOAL = Goal(6, "x")
P99_GOAL = Goal(30, " ms", at_least=False)
COLUMNS = (
    "request",
    "ours /s",
    "peer /s",
    "ratio (lowest-highest)",
    "goal",
    "ours p50 ms",
    "ours p99 ms",
    "goal",
    "peer p50 ms",
    "peer p99 ms",
    "errors ours, peer",
)


@dataclass(frozen=True)
class Kind:
    """An image to send, and what its POST is to reach."""

    name: str
    size: int
    pixels: tuple[int, int] = (0, 0)
    quality: int = 0
    goal: Goal | None = None

    @property
    def is_jpeg(self) -> bool:
        """JPEGs are numbered as they are sent; a PNG is made for every request."""
        return self.quality > 0

    def jpeg(self) -> bytes:
        """The image with its mark."""
        return images.jpeg(self.size, *self.pixels, self.quality)


@dataclass(frozen=True)
class Load:
    """What is sent: the file, the status expected, the numbers of the requests."""

    file: Path
    status: int
    first: int = 0
    count: int = 0


@dataclass
class Measured:
    """The reports of one request, round by round."""

    name: str
    goal: Goal | None
    ours: list[Report]
    peer: list[Report]


KINDS = (
    Kind("669-byte PNG", images.PNG_SIZE, goal=Goal(6, "x")),
    Kind("20 KB JPEG", 20_000, (320, 240), 84),
    Kind("100 KB JPEG", 100_000, (800, 600), 80, goal=Goal(12, "x")),
)


def run(plan: Plan) -> None:
    """Measure every kind and print the table."""
    title = f"HTTP, 16 connections, durable; GET among {plan.images:,} images"
    rows = []
    for kind in KINDS:
        for measured in _measure(plan, kind):
            rows.append(_row(measured))
            _show_messages(measured)
    print(table(title, COLUMNS, rows), flush=True)


def _measure(plan: Plan, kind: Kind) -> list[Measured]:
    files = _write_requests(plan, kind)
    found = [
        Measured(f"GET {kind.name}", GET_GOAL, [], []),
        Measured(f"POST {kind.name}, JSON", kind.goal, [], []),
        Measured(f"POST {kind.name}, as it is", None, [], []),
    ]
    got, posted, raw = found
    with _both(plan.folder / f"http-{kind.size}") as (ours, peer):
        first = Load(files["json"], 201, count=plan.images)
        for server in (ours, peer):
            _check(_send(plan, server, first, 60.0))
        get = Load(files["get"], 200)
        for _ in range(plan.rounds):
            got.ours.append(_same_bytes(_send(plan, ours, get), kind.size))
            got.peer.append(_send(plan, peer, get))
        for number in range(plan.rounds):
            post = Load(files["json"], 201, plan.images + number * A_ROUND, A_ROUND)
            posted.ours.append(_send(plan, ours, post))
            posted.peer.append(_send(plan, peer, post))
            if kind.is_jpeg:
                as_it_is = Load(files["raw"], 201, number * A_ROUND, A_ROUND)
                raw.ours.append(_send(plan, ours, as_it_is))
    return [measured for measured in found if measured.ours]


@contextmanager
def _both(folder: Path) -> Iterator[tuple[Server, Server]]:
    with servers.ours(folder / "ours") as ours, servers.peer(folder / "peer") as peer:
        yield ours, peer


def _write_requests(plan: Plan, kind: Kind) -> dict[str, Path]:
    """The files of requests, by what they ask."""
    path = plan.folder / f"{kind.size}"
    gets = (requests.get(number) for number in range(plan.images))
    files = {"get": requests.write(path.with_suffix(".get"), gets)}
    if kind.is_jpeg:
        jpeg = kind.jpeg()
        posts = [requests.post_json(jpeg)]
        raw = [requests.post_raw(jpeg, "image/jpeg")]
        files["raw"] = requests.write(path.with_suffix(".raw"), raw)
    else:
        count = plan.images + plan.rounds * A_ROUND
        posts = [requests.post_json(images.png(number)) for number in range(count)]
    return files | {"json": requests.write(path.with_suffix(".json"), posts)}


def _send(plan: Plan, server: Server, load: Load, seconds: float | None = None) -> Report:
    seconds = plan.seconds if seconds is None else seconds
    return report_of(
        plan.load.start_http(
            server.http,
            load.file,
            seconds,
            status=load.status,
            first=load.first,
            count=load.count,
        ),
        seconds,
    )


def _check(report: Report) -> None:
    if report.errors:
        raise BenchError(f"The first images were refused: {report.messages}")


def _same_bytes(report: Report, size: int) -> Report:
    """The report of a GET whose answers together have as many bytes as the images."""
    if not report.errors and report.body_bytes != report.done * size:
        raise BenchError(f"{report.done} images of {size} bytes came as {report.body_bytes:.0f}.")
    return report


def _row(measured: Measured) -> Sequence[object]:
    ours, peer = measured.ours, measured.peer
    p99 = median(ours, "p99_ms")
    start: list[object] = [measured.name, median(ours, "per_second")]
    latency = [f"{median(ours, 'p50_ms'):.1f}", f"{p99:.1f}", P99_GOAL.judge(p99)]
    if not peer:
        return [*start, "", "", "", *latency, "", "", f"{errors(ours)}"]
    found = ratios(ours, peer)
    goal = measured.goal.judge(statistics.median(found)) if measured.goal else ""
    theirs = [f"{median(peer, name):.1f}" for name in ("p50_ms", "p99_ms")]
    end = [goal, *latency, *theirs, f"{errors(ours)}, {errors(peer)}"]
    return [*start, median(peer, "per_second"), span(found), *end]


def _show_messages(measured: Measured) -> None:
    for message in messages(measured.ours + measured.peer):
        print(f"{measured.name}: {message}", flush=True)
