"""`python -m bench.lossy [CLIENT ...]`: the clients of examples/ over links that lose datagrams.

Every picture must arrive byte for byte, and be stored once; the exit status is 1 where one is not.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bench import servers
from bench.servers import Server
from bench.tables import table
from tests.e2e.lossy import Faults, LossyLink
from tests.examples import clients
from tests.examples.clients import STORED, Command, Sending
from tests.examples.stored import digest_of, stored

KIB = 1024
AT_ONCE = 20
WITHIN = 600.0
COLUMNS = ("client", "link", "uploads", "stored", "exact", "rows", "datagrams", "lost", "s")


@dataclass(frozen=True)
class Case:
    """So many pictures of so many bytes over such links."""

    name: str
    faults: Faults
    uploads: int
    size: int


CASES = (
    Case("10 % lost each way, 64 KiB", Faults(loss=0.1), 100, 64 * KIB),
    Case("20 % lost each way, 16 KiB", Faults(loss=0.2), 20, 16 * KIB),
    Case("5 % lost, 10 % twice, 10 % late", Faults(loss=0.05, double=0.1, late=0.1), 20, 16 * KIB),
)


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    row: tuple[object, ...]
    good: bool


def main(arguments: list[str]) -> int:
    """Run the clients that are named, or all that there are."""
    parser = argparse.ArgumentParser(prog="python -m bench.lossy", description=__doc__)
    names = ("plain", "aiocoap", "libcoap", "micropython")
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=f"of {', '.join(names)}")
    chosen = parser.parse_args(arguments).clients or list(names)
    if unknown := set(chosen) - set(names):
        parser.error(f"no such client: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="coapture-lossy-") as name:
        folder = Path(name)
        with servers.ours(folder / "data") as server:
            outcomes = [
                _run(server, folder, client, command, case)
                for client, command in _commands(chosen, folder).items()
                for case in CASES
            ]
    print(table("Lossy links", COLUMNS, [outcome.row for outcome in outcomes]))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _commands(names: list[str], folder: Path) -> dict[str, Command]:
    """The clients by name; MicroPython where it is installed."""
    commands: dict[str, Command] = {}
    for name in names:
        if name == "libcoap":
            commands[name] = clients.libcoap(folder / "camera")
        elif name != "micropython" or shutil.which(name):
            commands[name] = getattr(clients, name)
    return commands


def _run(server: Server, folder: Path, name: str, command: Command, case: Case) -> Outcome:
    """Send the pictures of one case, some at once, each over a link with its own seed."""
    device = f"{name} {CASES.index(case)}"
    files = [
        clients.write_jpeg(folder / f"{device} {seed}.jpg", seed, case.size)
        for seed in range(case.uploads)
    ]
    seen: Counter[str] = Counter()

    def send(seed: int) -> str:
        with LossyLink(server.coap, replace(case.faults, seed=seed)) as link:
            sending = Sending(link.port, device, files[seed], 2**30 + seed, cbor=seed % 2 == 1)
            code = clients.code_of(clients.start(command(sending)), WITHIN)
        seen.update(link.seen)
        return code

    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = Counter(pool.map(send, range(case.uploads)))
    seconds = time.monotonic() - began
    rows = stored(f"http://127.0.0.1:{server.http}", device)
    exact = Counter(rows) & Counter(map(digest_of, files))
    done = sum(codes[code] for code in STORED)
    if failed := codes.keys() - set(STORED):
        print(name, case.name, sorted(failed), file=sys.stderr)
    datagrams = seen["up"] + seen["down"]
    counts = (case.uploads, done, exact.total(), len(rows), datagrams, seen["lost"], round(seconds))
    return Outcome((name, case.name, *counts), set(counts[:4]) == {case.uploads})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
