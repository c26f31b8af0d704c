"""Many writers on one SQLite file: the fair backend beside Django's own, in one run.

`python -m bench.sqlite_writers [SECONDS]`: 2 processes of 8 threads, each thread storing one row of
2 KB a transaction by the ORM for some seconds (3 by default), round about.
"""

import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import os

PROCESSES, THREADS, SIZE, ROUNDS = 2, int(os.environ.get("BT", 8)), 2048, 2
STOCK = {"timeout": 20, "transaction_mode": "IMMEDIATE"}
ENGINES = {
    "django.db.backends.sqlite3": STOCK
    | {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"},
    "core_api.sqlite": {"timeout": 20},
}


@dataclass(frozen=True)
class Case:
    """One thing to measure: a backend, with or without atomic() around the insert."""

    engine: str
    atomic: bool


@dataclass
class Result:
    """Seconds that each transaction took, and how many failed."""

    times: list[float]
    errors: int


def writer(case: Case, path: str, seconds: float, results: "multiprocessing.Queue[Result]") -> None:
    """One process of threads that write."""
    table = connect(case, path)
    found: list[Result] = []
    threads = [
        threading.Thread(target=write, args=(case, table, seconds, found)) for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = [took for result in found for took in result.times]
    results.put(Result(times, sum(result.errors for result in found)))


def connect(case: Case, path: str):  # noqa: ANN201
    """Configure Django for the case; gives the model to write."""
    import django
    from django.conf import settings

    database = {"ENGINE": case.engine, "NAME": path, "OPTIONS": ENGINES[case.engine]}
    settings.configure(DATABASES={"default": database}, USE_TZ=True)
    django.setup()
    from django.db import models

    class Row(models.Model):
        data = models.BinaryField()

        class Meta:
            app_label = "bench"

    return Row


def write(case: Case, table, seconds: float, found: list[Result]) -> None:  # noqa: ANN001
    """Store rows until the time is over."""
    from contextlib import nullcontext

    from django.db import OperationalError, connection, transaction

    result = Result([], 0)
    data = bytes(SIZE)
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        try:
            with transaction.atomic() if case.atomic else nullcontext():
                table.objects.create(data=data)
        except OperationalError:
            result.errors += 1
        result.times.append(time.perf_counter() - start)
    found.append(result)
    connection.close()


def make_table(case: Case, path: str) -> None:
    """Make the table, in a process of its own."""
    from django.db import connection

    table = connect(case, path)
    with connection.schema_editor() as editor:
        editor.create_model(table)


def measure(case: Case, seconds: float) -> Result:
    """Run the processes of one case on a new file."""
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "db.sqlite3")
        maker = spawn.Process(target=make_table, args=(case, path))
        maker.start()
        maker.join()
        arguments = (case, path, seconds, results)
        processes = [spawn.Process(target=writer, args=arguments) for _ in range(PROCESSES)]
        for process in processes:
            process.start()
        parts = [results.get(timeout=seconds + 60) for _ in processes]
        for process in processes:
            process.join()
    return Result([took for part in parts for took in part.times], sum(p.errors for p in parts))


def main(seconds: float) -> None:
    """Print one line for each case; rounds alternate between the cases."""
    cases = [Case(engine, atomic) for atomic in (True, False) for engine in ENGINES]
    found: dict[Case, list[Result]] = {case: [] for case in cases}
    for _ in range(ROUNDS):
        for case in cases:
            found[case].append(measure(case, seconds))
    print(f"{PROCESSES} processes x {THREADS} threads, one insert of {SIZE} bytes a transaction")
    print(
        f"{'backend':28}{'atomic':>8}{'per s':>8}{'p50 ms':>8}{'p99 ms':>9}{'max ms':>9}{'errors':>8}"
    )
    for case, results in found.items():
        times = [took * 1000 for result in results for took in result.times]
        cuts = statistics.quantiles(times, n=100)
        rate = len(times) / seconds / ROUNDS
        errors = sum(result.errors for result in results)
        print(
            f"{case.engine:28}{'yes' if case.atomic else 'no':>8}{rate:8.0f}{cuts[49]:8.1f}"
            f"{cuts[98]:9.1f}{max(times):9.1f}{errors:8}"
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
