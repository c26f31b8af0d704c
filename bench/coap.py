"""GET, POST and uploads in blocks over CoAP, ours beside other CoAP servers, round about."""

import statistics
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench import coap_requests, coap_servers, images, requests, servers
from bench.coap_servers import SINK, Missing, Peer
from bench.load import BenchError, Report, Target, report_of
from bench.plan import Plan
from bench.tables import Goal, errors, median, messages, ratios, span, table

A_ROUND = 50_000
WRITERS = 32
JPEG = (1_000, 16, 16, 50)
STOCK = "aiocoap's Site"
TWO = {"COAPTURE_COAP_PROCESSES": "2"}
OVER_SINK = {"DJANGO_SETTINGS_MODULE": "bench.sink.settings"}
COLUMNS = (
    *("server", "/s", "goal", "by stock (lowest-highest)", "goal"),
    *("p50 ms", "goal", "p99 ms", "errors", "sent again"),
)

Send = Callable[[], Report]


@dataclass
class Row:
    """One server under one load, its goals, and what was measured, round by round.

    Where it gets one request after the other, `serial`, times are compared and not rates.
    """

    name: str
    send: Send
    rate: Goal | None = None
    ratio: Goal | None = None
    p50: Goal | None = None
    serial: bool = False
    reports: list[Report] = field(default_factory=list)


@dataclass(frozen=True)
class Kind:
    """An upload in blocks: its size in bytes, how many at a time, what ours is to reach."""

    title: str
    size: int
    writers: int
    rate: Goal | None = None
    p50: Goal | None = None


UPLOADS = (
    Kind("4 KB in blocks, 32 writers, nothing stored", 4_096, WRITERS, rate=Goal(1_200, "/s")),
    Kind("32 KiB in blocks, one writer, nothing stored", 32 << 10, 1, p50=Goal(6, " ms", False)),
    Kind("1 MiB in blocks, one writer, nothing stored", 1 << 20, 1, p50=Goal(250, " ms", False)),
)


def run(plan: Plan) -> None:
    """Measure, print the tables."""
    folder = plan.folder / "coap"
    with servers.ours(folder / "one") as one, servers.ours(folder / "two", TWO) as two:
        document = _save_document(one.http, folder / "collections")
        with _peers(plan, document) as peers:
            _collections(plan, {"ours": one.coap, "ours, two processes": two.coap}, peers)
            _through_django(plan, one.coap)
            with servers.ours(folder / "sink", OVER_SINK) as sink:
                for kind in UPLOADS:
                    _uploads(plan, kind, {"ours": Peer(sink.coap, SINK)} | peers)


@contextmanager
def _peers(plan: Plan, document: Path) -> Iterator[dict[str, Peer]]:
    """The peers that can run here; a sentence about each that cannot."""
    starts = {
        STOCK: coap_servers.stock,
        "libcoap's coap-server": coap_servers.libcoap,
        "node-coap": coap_servers.node_coap,
    }
    found = {}
    with ExitStack() as running:
        for name, start in starts.items():
            try:
                found[name] = running.enter_context(start(plan, document))
            except Missing as reason:
                print(f"\nWithout {name}: {reason}.", flush=True)
        yield found


def _save_document(port: int, path: Path) -> Path:
    """Our /collections, for the peers to serve."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/collections", timeout=5) as answer:
        path.write_bytes(answer.read())
    return path


def _collections(plan: Plan, ours: Mapping[str, int], peers: Mapping[str, Peer]) -> None:
    file = requests.write(plan.folder / "collections.get", [coap_requests.get_collections()])
    size = (plan.folder / "coap" / "collections").stat().st_size
    rows = [
        Row(name, partial(_same_bytes, partial(_pipeline, plan, port, file, 205), size))
        for name, port in {**ours, **{name: peer.port for name, peer in peers.items()}}.items()
    ]
    rows[0].rate, rows[0].ratio = Goal(8_000, "/s"), Goal(1.7, "x")
    rows[1].rate, rows[1].ratio = Goal(14_000, "/s"), Goal(3, "x")
    _measure(plan, f"CoAP GET of /collections ({size} bytes), 64 under way", rows)


def _through_django(plan: Plan, port: int) -> None:
    jpeg = images.jpeg(*JPEG)
    post = requests.write(plan.folder / "image.post", [coap_requests.post_image(jpeg)])
    gets = (coap_requests.get_metadata(number) for number in range(plan.images))
    get = requests.write(plan.folder / "metadata.get", gets)
    first = _pipeline(plan, port, post, 201, count=plan.images, seconds=60.0)
    if first.errors:
        raise BenchError(f"The first images were refused: {first.messages}")
    numbers = iter(range(plan.images, plan.images + plan.rounds * A_ROUND, A_ROUND))

    def store() -> Report:
        return _pipeline(plan, port, post, 201, first=next(numbers), count=A_ROUND)

    rows = [
        Row("GET of metadata", partial(_pipeline, plan, port, get, 205), Goal(2_500, "/s")),
        Row("POST of 1,000 bytes, durable", store, Goal(1_000, "/s")),
    ]
    _measure(plan, "CoAP through Django, one process, 64 under way", rows)


def _uploads(plan: Plan, kind: Kind, targets: Mapping[str, Peer]) -> None:
    body = plan.folder / f"{kind.size}.bytes"
    body.write_bytes(bytes(kind.size))
    rows = [
        Row(
            name,
            partial(_upload, plan, kind, body, peer.port, peer.uploads),
            serial=kind.writers == 1,
        )
        for name, peer in targets.items()
    ]
    rows[0].rate, rows[0].p50 = kind.rate, kind.p50
    _measure(plan, f"CoAP POST of {kind.title}", rows)


def _pipeline(
    plan: Plan,
    port: int,
    file: Path,
    code: int,
    *,
    first: int = 0,
    count: int = 0,
    seconds: float | None = None,
) -> Report:
    seconds = _round(plan) if seconds is None else seconds
    load = plan.load.start_pipeline(port, file, seconds, code=code, first=first, count=count)
    return report_of(load, seconds)


def _upload(plan: Plan, kind: Kind, body: Path, port: int, to: Target) -> Report:
    seconds = _round(plan)
    load = plan.load.start_coap(port, body, seconds, writers=kind.writers, to=to)
    return report_of(load, seconds)


def _round(plan: Plan) -> float:
    """Seconds of one round: there are many rows."""
    return plan.seconds / 2


def _same_bytes(send: Send, size: int) -> Report:
    """The report of a GET whose answers together have as many bytes as the document."""
    report = send()
    if not report.errors and report.body_bytes != report.done * size:
        raise BenchError(f"{report.done} times {size} bytes came as {report.body_bytes:.0f}.")
    return report


def _measure(plan: Plan, title: str, rows: Sequence[Row]) -> None:
    for _ in range(plan.rounds):
        for row in rows:
            row.reports.append(row.send())
    stock = next((row.reports for row in rows if row.name == STOCK), [])
    for row in rows:
        for message in messages(row.reports):
            print(f"{title}, {row.name}: {message}", flush=True)
    print(table(title, COLUMNS, [_cells(row, stock) for row in rows]), flush=True)


def _cells(row: Row, stock: Sequence[Report]) -> list[object]:
    found = row.reports
    rate, p50 = median(found, "per_second"), median(found, "p50_ms")
    by_stock = _by_stock(row, stock) if stock and found is not stock else []
    beside = [span(by_stock), _judge(row.ratio, statistics.median(by_stock))] if by_stock else []
    return [
        *(row.name, rate, _judge(row.rate, rate)),
        *(beside or ["", ""]),
        *(f"{p50:.2f}", _judge(row.p50, p50), f"{median(found, 'p99_ms'):.2f}"),
        *(errors(found), sum(report.repeats for report in found)),
    ]


def _by_stock(row: Row, stock: Sequence[Report]) -> list[float]:
    """How many times as fast as stock, for each round."""
    if row.serial:
        return [b.p50_ms / a.p50_ms for a, b in zip(row.reports, stock, strict=True)]
    return ratios(row.reports, stock)


def _judge(goal: Goal | None, value: float) -> str:
    return goal.judge(value) if goal else ""
