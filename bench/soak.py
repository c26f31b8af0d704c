"""`python -m bench.soak [SECONDS]`: 500 cameras, 200 readers, and the memory that they take."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import images, requests
from bench.load import BenchError, LoadGenerators, report_of
from bench.machine import describe
from bench.servers import ROOT, Server, ours
from bench.tables import table

SECONDS = 1800
CAMERAS = 500
READERS = 200
# Pictures a second of each camera.
RATE = 0.05
PICTURES = 1000
SAMPLES = 30
# Seconds for what is under way at the end.
PATIENCE = 60.0
PARTS = ("web", "coap", "worker")
# The compressor would take the processors that the readers are to have.
SETTINGS = {"COAPTURE_COMPRESSION": "0"}


def main(arguments: list[str]) -> int:
    """Print a table of the memory and what was done; 1 where something broke or failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=int, default=SECONDS, help="seconds (1800)")
    seconds = parser.parse_args(arguments).seconds
    try:
        with tempfile.TemporaryDirectory(prefix="coapture-bench-") as name:
            folder = Path(name)
            print(describe(folder), flush=True)
            with ours(folder / "data", SETTINGS) as server:
                return _run(server, folder, seconds)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1


def _run(server: Server, folder: Path, seconds: int) -> int:
    load = LoadGenerators(folder)
    _store_pictures(load, server, folder)
    asked = requests.write(folder / "get", [requests.get(number) for number in range(PICTURES)])
    with _simulator(server, seconds) as simulator:
        readers = load.start_http(server.http, asked, seconds, status=200, connections=READERS)
        rows = [_memory(seconds * step / SAMPLES) for step in _ticks(seconds)]
        report = report_of(readers, seconds + PATIENCE)
        said, _ = simulator.communicate(timeout=PATIENCE)
    print(table("Resident memory, MB", ("s", *PARTS), rows))
    print(f"\nCoAP: {said.strip().splitlines()[-1]}")
    print(
        f"HTTP: {report.done:,} pictures read, {report.errors} errors, {report.per_second:,.0f}/s"
    )
    return 1 if report.errors or simulator.returncode else 0


def _store_pictures(load: LoadGenerators, server: Server, folder: Path) -> None:
    bodies = [requests.post_json(images.png(number)) for number in range(PICTURES)]
    posts = load.start_http(
        server.http, requests.write(folder / "post", bodies), PATIENCE, status=201, count=PICTURES
    )
    report_of(posts, PATIENCE)


def _simulator(server: Server, seconds: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "manage.py", "simulate", "--devices", str(CAMERAS)]
    command += ["--rate", str(RATE), "--seconds", str(seconds)]
    command += ["--server", f"coap://127.0.0.1:{server.coap}"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _ticks(seconds: int) -> Iterator[int]:
    """The number of each sample, when it is time for it."""
    began = time.monotonic()
    for step in range(1, SAMPLES + 1):
        time.sleep(max(0.0, began + seconds * step / SAMPLES - time.monotonic()))
        yield step


def _memory(second: float) -> list[object]:
    """The seconds, and what the processes of each part have in memory."""
    found: dict[str, list[int]] = {part: [] for part in PARTS}
    for process in psutil.Process().children(recursive=True):
        try:
            part, size = process.cmdline()[-1], process.memory_info().rss
        except (psutil.Error, IndexError):
            continue
        if part in found:
            found[part].append(round(size / 1e6))
    return [f"{second:.0f}", *(" + ".join(map(str, sizes)) for sizes in found.values())]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
