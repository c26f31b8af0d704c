"""`python -m bench.observers [NUMBER]`: a picture, and when each of many observers hears of it."""

import argparse
import resource
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench import images, requests
from bench.crowd import PATIENCE, Crowd
from bench.load import BenchError
from bench.machine import describe
from bench.servers import Server, ours
from bench.tables import Goal, table

NUMBER = 1000
ROUNDS = 5
WITHIN = Goal(1.0, " s", at_least=False)
REPEATED = Goal(1.0, " %", at_least=False)
# Seconds between two pictures; a message that is lost is sent again within them.
PAUSE = 3.0
# Files of the bench itself.
FILES_BESIDE = 200
COLUMNS = ("round", "notified", "p50 ms", "p99 ms", "last ms", "sent again")


def main(arguments: list[str]) -> int:
    """Print a table; 1 where something broke, and a sentence about it."""
    parser = argparse.ArgumentParser(prog="python -m bench.observers", description=__doc__)
    parser.add_argument("number", nargs="?", type=int, default=NUMBER, help="observers (1000)")
    number = parser.parse_args(arguments).number
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, number + FILES_BESIDE), most))
    try:
        with tempfile.TemporaryDirectory(prefix="coapture-bench-") as name:
            folder = Path(name)
            print(describe(folder), flush=True)
            settings = {"COAPTURE_COAP_OBSERVERS": str(number)}
            with ours(folder / "data", settings) as server, Crowd(server.coap, number) as crowd:
                _measure(server, crowd)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _measure(server: Server, crowd: Crowd) -> None:
    number = len(crowd.observers)
    _post(server, 0)
    crowd.register(f"/collections/images/{requests.DEVICE}/latest")
    rows, last, repeated = [], [], 0
    for round_ in range(1, ROUNDS + 1):
        before = crowd.repeated
        started = time.monotonic()
        _post(server, round_)
        crowd.hear()
        crowd.listen(PAUSE)
        times = [observer.times[-1] - started for observer in crowd.observers if observer.times]
        last.append(max(times))
        repeated += crowd.repeated - before
        rows.append(_row(round_, times, crowd.repeated - before))
        for observer in crowd.observers:
            observer.times.clear()
    share = 100 * repeated / (ROUNDS * number)
    print(table(f"{number:,} observers of one camera, over UDP", COLUMNS, rows))
    print(f"\nThe last one: {WITHIN.judge(max(last))}. Sent again: {REPEATED.judge(share)}.")


def _row(number: int, times: list[float], repeated: int) -> list[object]:
    hundredths = statistics.quantiles(times, n=100)
    shown = [f"{1000 * value:.0f}" for value in (hundredths[49], hundredths[98], max(times))]
    return [number, len(times), *shown, repeated]


def _post(server: Server, number: int) -> None:
    """Store a picture over HTTP."""
    url = f"http://127.0.0.1:{server.http}{requests.TARGET}?d={requests.DEVICE}"
    url += f"&t=2026-11-21T08:00:{number:02}Z"
    request = urllib.request.Request(url, images.png(number), {"Content-Type": "image/png"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        answer.read()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
