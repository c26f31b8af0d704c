"""`python -m bench [PART ...] [--quick]`: start the servers, measure, print Markdown, stop all."""

import argparse
import signal
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bench.load import BenchError, LoadGenerators

PARTS = ("http", "last", "coap", "writers", "jobs", "compression")
NEEDED = {"PIL": "pillow", "gunicorn": "gunicorn"}


def main(arguments: list[str]) -> int:
    """Run the parts that are named, or all; 1 where something broke, and a sentence about it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="about two minutes, rough figures")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, _end)
    try:
        _run(options.parts or PARTS, quick=options.quick)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(parts: list[str] | tuple[str, ...], *, quick: bool) -> None:
    if missing := [name for module, name in NEEDED.items() if not find_spec(module)]:
        raise BenchError(f"The bench needs {' and '.join(missing)}: pip install -e .[dev]")
    from bench import coap, compression, http, jobs, last, machine, plan, writers

    runs = {
        "http": http.run,
        "last": last.run,
        "coap": coap.run,
        "writers": writers.run,
        "jobs": jobs.run,
        "compression": compression.run,
    }
    with tempfile.TemporaryDirectory(prefix="coapture-bench-") as name:
        folder = Path(name)
        run = plan.Plan(LoadGenerators(folder), folder)
        print(machine.describe(folder), flush=True)
        bystanders = machine.Bystanders()
        for part in parts:
            runs[part](plan.quick(run) if quick else run)
        print(f"\nOther processes had {bystanders.share():.0f} % of the processors meanwhile.")


def _end(signum: int, _frame: FrameType | None) -> NoReturn:
    """Leave by an exception, so that the servers are stopped."""
    sys.exit(128 + signum)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
