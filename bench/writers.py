"""Sixteen writers of 50 KB over both doors at once: eight over HTTP, eight over CoAP."""

from bench import images, requests, servers
from bench.load import Report, report_of
from bench.plan import Plan
from bench.servers import Server
from bench.tables import Goal, codes, errors, median, messages, table

WRITERS = 8
A_ROUND = 50_000
GOAL = Goal(50, " ms", at_least=False)
COLUMNS = ("upload", "/s", "p50 ms", "p99 ms", "max ms", "goal", "errors", "answers")


def run(plan: Plan) -> None:
    """Measure, print the table and how often SQLite's lock made trouble."""
    http: list[Report] = []
    coap: list[Report] = []
    with servers.ours(plan.folder / "writers") as server:
        for number in range(plan.rounds):
            for reports, report in zip((http, coap), _round(plan, server, number), strict=True):
                reports.append(report)
        locked = (server.data / "bench.log").read_text(errors="replace").count("database is locked")
    for message in messages(http + coap):
        print(message)
    rows = [
        _row("HTTP, JSON", http, ""),
        _row("CoAP, 49 blocks of 1 KiB", coap, ""),
        _row("CoAP, the last block of each", coap, "last_"),
    ]
    print(table("16 writers of 50 KB over both doors at once", COLUMNS, rows))
    repeats = sum(report.repeats for report in coap)
    print(f"\n{locked} lock errors in the log, {repeats} CoAP messages sent again", flush=True)


def _round(plan: Plan, server: Server, number: int) -> tuple[Report, Report]:
    jpeg = images.jpeg(50_000, 640, 480, 68)
    plain = plan.folder / "writers.jpeg"
    plain.write_bytes(jpeg)
    file = requests.write(plan.folder / "writers.json", [requests.post_json(jpeg)])
    first = number * A_ROUND
    http = plan.load.start_http(
        server.http, file, plan.seconds, status=201, connections=WRITERS, first=first
    )
    coap = plan.load.start_coap(server.coap, plain, plan.seconds, writers=WRITERS, first=first)
    return report_of(http, plan.seconds), report_of(coap, plan.seconds)


def _row(name: str, reports: list[Report], prefix: str) -> list[object]:
    times = [median(reports, f"{prefix}{field}_ms") for field in ("p50", "p99", "max")]
    shown = [f"{time:.1f}" for time in times]
    end = ["", ""] if prefix else [errors(reports), codes(reports)]
    return [name, median(reports, "per_second"), *shown, GOAL.judge(times[1]), *end]
