"""The bench of job systems counts each job once, and knows when it began."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import job_systems, jobs
from bench.peer_jobs import client, stamps
from bench.peer_jobs.stamps import Stamps


class System:
    """Runs a job at once, or does what `work` says."""

    def __init__(self, work: Callable[[int], None] = stamps.write) -> None:
        self.work = work

    def enqueue(self, number: int) -> None:
        self.work(number)

    def settled(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _stamps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(stamps.VARIABLE, str(tmp_path / "stamps"))


def test_stamps_are_those_since() -> None:
    stamps.write(1)
    since = Stamps()
    before = time.monotonic_ns()
    stamps.write(2)
    [(number, when)] = since.read()
    assert (number, since.count) == (2, 1)
    assert before <= when <= time.monotonic_ns()


def test_a_burst_is_all_jobs_once() -> None:
    found = client.burst(System(), 50)
    assert found["accepted"] >= found["ended"] > 0


def test_a_job_that_ran_twice_is_no_figure() -> None:
    def twice(number: int) -> None:
        stamps.write(number)
        if number == 3:
            stamps.write(number)

    with pytest.raises(SystemExit, match="exactly once"):
        client.burst(System(twice), 10)


def test_a_job_that_never_runs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.05)
    with pytest.raises(SystemExit, match="did not end"):
        client.burst(System(lambda _: None), 2)


def test_latency_leaves_the_first_out() -> None:
    def slow_at_first(number: int) -> None:
        time.sleep(0.2 if number == 0 else 0)
        stamps.write(number)

    found = client.latency(System(slow_at_first), 3)
    assert found["accept_ms"] < 150
    assert found["worst_ms"] <= 0


def test_ours_runs(tmp_path: Path) -> None:
    system = job_systems.embedded(tmp_path / "ours")
    system.make()
    with system.working():
        found = system.ask("latency", 3) | system.ask("burst", 30)
    assert found["accept_ms"] > 0
    assert found["ended"] > 0
    assert list((tmp_path / "ours" / "run" / "workers").iterdir()) == []


def test_a_row_compares_round_by_round() -> None:
    def figures(rate: float) -> jobs.Figures:
        return {"ended": rate, "accepted": 2 * rate, "accept_ms": 1, "start_ms": 3, "worst_ms": 9}

    ours = [figures(600), figures(900)]
    assert jobs._row("ours", ours, ours)[:4] == ["ours", 750, ">= 500/s: met", ""]
    theirs = jobs._row("theirs", [figures(300), figures(300)], ours)
    assert theirs[2:4] == ["", "2.5x (2.0-3.0)"]
    assert theirs[5:] == ["1.0", "3.0", "", "9"]
