"""Many writers on one SQLite file: the fair backend and the group commit beside Django's own.

`python -m bench.sqlite_writers [SECONDS]`: 2 processes of 8 threads, each thread storing one row of
2 KB a transaction by the ORM for some seconds (3 by default), round about.
"""

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

PROCESSES, THREADS, SIZE, ROUNDS = 2, 8, 2048, 2
STOCK = {"timeout": 20, "transaction_mode": "IMMEDIATE"}
ENGINES = {
    "django.db.backends.sqlite3": STOCK
    | {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"},
    "core_api.sqlite": {"timeout": 20},
}
CASES = [*product(ENGINES, ("atomic", "plain")), ("core_api.sqlite", "group")]


@dataclass(frozen=True)
class Case:
    """One thing to measure: a backend, and how a row gets in: atomic, plain or by group commit."""

    engine: str
    way: str


@dataclass
class Result:
    """Of one thread: the milliseconds that each transaction took, and how many failed."""

    times: list[float]
    errors: int = 0


def writer(case: Case, path: str, seconds: float, results: Any) -> None:
    """One process of threads that write; puts a list of results into the queue."""
    store = insert(case, connect(case, path))
    with ThreadPoolExecutor(THREADS) as pool:
        threads = [pool.submit(write, store, seconds) for _ in range(THREADS)]
    results.put([thread.result() for thread in threads])


def connect(case: Case, path: str) -> Any:
    """Configure Django for the case; gives the model to write."""
    import django
    from django.conf import settings

    options = {"OPTIONS": ENGINES[case.engine], "CONN_MAX_AGE": None}
    database = {"ENGINE": case.engine, "NAME": path} | options
    settings.configure(
        DATABASES={"default": database},
        USE_TZ=True,
        COAPTURE_INGEST_BATCH=64,
        COAPTURE_INGEST_QUEUE=2**26,
    )
    django.setup()
    from django.db import models

    class Row(models.Model):
        data = models.BinaryField()

        class Meta:
            app_label = "bench"

        def __str__(self) -> str:
            return str(self.pk)

    return Row


def insert(case: Case, table: Any) -> Callable[[bytes], object]:
    """How one row is stored."""
    from django.db import transaction

    def plain(data: bytes) -> None:
        table.objects.create(data=data)

    def many(rows: Sequence[bytes]) -> list[Any]:
        return table.objects.bulk_create(table(data=data) for data in rows)

    if case.way == "group":
        from core_api.ingest import GroupCommit

        return GroupCommit(many, size=len).submit
    return transaction.atomic(plain) if case.way == "atomic" else plain


def write(store: Callable[[bytes], object], seconds: float) -> Result:
    """Store rows until the time is over."""
    from django.db import OperationalError, connection

    result = Result([])
    data = bytes(SIZE)
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        try:
            store(data)
        except OperationalError:
            result.errors += 1
        result.times.append((time.perf_counter() - start) * 1000)
    connection.close()
    return result


def make_table(case: Case, path: str) -> None:
    """Make the table, in a process of its own."""
    from django.db import connection

    table = connect(case, path)
    with connection.schema_editor() as editor:
        editor.create_model(table)


def measure(case: Case, seconds: float) -> list[Result]:
    """Run the processes of one case on a new file; gives a result for each thread."""
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
        found = [result for _ in processes for result in results.get(timeout=seconds + 60)]
        for process in processes:
            process.join()
    return found


def line(case: Case, results: list[Result], seconds: float) -> str:
    """One line of the table."""
    times = [took for result in results for took in result.times]
    cuts = statistics.quantiles(times, n=100)
    cells = (
        f"{len(times) / seconds / ROUNDS:.0f}",
        f"{min(len(result.times) for result in results) / seconds:.0f}",
        f"{cuts[49]:.1f}",
        f"{cuts[98]:.1f}",
        f"{max(times):.0f}",
        f"{sum(result.errors for result in results)}",
    )
    return row(case.engine, case.way, *cells)


def row(name: str, *cells: str) -> str:
    """The cells in columns."""
    return f"{name:28}" + "".join(f"{cell:>9}" for cell in cells)


def main(seconds: float) -> None:
    """Print one line for each case; rounds alternate between the cases."""
    cases = [Case(engine, way) for engine, way in CASES]
    found: dict[Case, list[Result]] = {case: [] for case in cases}
    for _ in range(ROUNDS):
        for case in cases:
            found[case] += measure(case, seconds)
    print(f"{PROCESSES} processes x {THREADS} threads, one insert of {SIZE} bytes a transaction;")
    print("least: what the thread with the fewest turns got")
    print(row("backend", "way", "per s", "least/s", "p50 ms", "p99 ms", "max ms", "errors"))
    for case, results in found.items():
        print(line(case, results, seconds))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
