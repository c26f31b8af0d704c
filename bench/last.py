"""GET of the image stored last of many, beside the one stored first."""

import statistics

from bench import images, requests, servers
from bench.load import BenchError, Report, report_of
from bench.plan import Plan
from bench.servers import Server
from bench.tables import Goal, errors, median, ratios, span, table

DIFFERENT = 20_000
PAIRS_A_ROUND = 3
GOAL = Goal(0.95, "x")
COLUMNS = ("request", "/s", "p50 ms", "p99 ms", "by the first", "goal", "errors")


def run(plan: Plan) -> None:
    """Store the images by POST, measure, print the table."""
    with servers.ours(plan.folder / "last") as server:
        _fill(plan, server)
        first: list[Report] = []
        last: list[Report] = []
        for _ in range(plan.rounds * PAIRS_A_ROUND):
            first.append(_get(plan, server, 0))
            last.append(_get(plan, server, plan.most_images - 1))
    found = ratios(last, first)
    judged = GOAL.judge(statistics.median(found))
    rows = [_row("GET of the first", first, "", ""), _row("of the last", last, span(found), judged)]
    print(table(f"{plan.most_images:,} images of 669 bytes", COLUMNS, rows), flush=True)


def _fill(plan: Plan, server: Server) -> None:
    posts = (requests.post_json(images.png(number)) for number in range(DIFFERENT))
    file = requests.write(plan.folder / "last.json", posts)
    load = plan.load.start_http(server.http, file, 300.0, status=201, count=plan.most_images)
    report = report_of(load, 300.0)
    if report.errors or report.done != plan.most_images:
        raise BenchError(f"{report.done} images, {report.errors} errors: {report.messages}")


def _get(plan: Plan, server: Server, number: int) -> Report:
    file = requests.write(plan.folder / "one.get", [requests.get(number)])
    seconds = plan.seconds / PAIRS_A_ROUND
    load = plan.load.start_http(server.http, file, seconds, status=200)
    return report_of(load, seconds)


def _row(name: str, reports: list[Report], ratio: str, goal: str) -> list[object]:
    times = [f"{median(reports, field):.1f}" for field in ("p50_ms", "p99_ms")]
    return [name, median(reports, "per_second"), *times, ratio, goal, errors(reports)]
