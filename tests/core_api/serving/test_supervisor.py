"""The supervisor over real, small processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core_api.serving import supervisor
from core_api.serving.supervisor import Part, Supervisor

SLEEPS = "import time; time.sleep(60)"
FAILS = "raise SystemExit(3)"
SUPERVISES = """
import os, sys, time
from core_api.serving.supervisor import Part
code = (
    "import time; from core_api.serving.processes import end_with_supervisor;"
    "end_with_supervisor(); time.sleep(60)"
)
one = Part("sleeper", (sys.executable, "-c", code), os.environ)
one.start()
print(one.pid, flush=True)
time.sleep(60)
"""
STUBBORN = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""


def part(code: str, *arguments: str) -> Part:
    return Part("sleeper", (sys.executable, "-c", code, *arguments), os.environ)


@pytest.fixture
def run() -> Iterator[Callable[[Part], Supervisor]]:
    """Starts a supervisor over a part; stopped in the end."""
    started: list[Supervisor] = []

    def start(one: Part) -> Supervisor:
        started.append(Supervisor([one]))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.stop()


def tend_until(supervised: Supervisor, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        supervised.tend()
        time.sleep(0.01)


def test_a_child_that_is_killed_comes_back(run: Callable[[Part], Supervisor]) -> None:
    one = part(SLEEPS)
    supervised = run(one)
    first = one.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    tend_until(supervised, lambda: one.pid not in (first, None))
    assert psutil.Process(one.pid).is_running()


def test_the_delay_doubles_up_to_a_limit(
    run: Callable[[Part], Supervisor],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(supervisor, "LAST_DELAY", 0.03)
    supervised = run(part(FAILS))
    tend_until(supervised, lambda: len(caplog.messages) >= 4)
    assert caplog.messages[:4] == [
        f"sleeper ended with status 3; it starts again in {delay} s"
        for delay in ("0.01", "0.02", "0.03", "0.03")
    ]


def test_the_delay_is_short_again_after_a_long_run(
    run: Callable[[Part], Supervisor],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(supervisor, "SETTLED_AFTER", 0.0)
    supervised = run(part(FAILS))
    tend_until(supervised, lambda: len(caplog.messages) >= 2)
    assert caplog.messages[1] == "sleeper ended with status 3; it starts again in 0.01 s"


def test_a_renewed_part_is_another_process_at_once(
    run: Callable[[Part], Supervisor], caplog: pytest.LogCaptureFixture
) -> None:
    one = part(SLEEPS)
    supervised = run(one)
    first = one.pid
    assert first is not None
    one.renew()
    assert one.running_for == 0
    tend_until(supervised, lambda: one.pid not in (first, None))
    assert not psutil.pid_exists(first)
    assert one.running_for > 0
    assert caplog.messages == []


def test_a_renewed_part_that_does_not_end_is_killed(
    run: Callable[[Part], Supervisor], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "child"
    one = part(STUBBORN, str(file))
    supervised = run(one)
    first = one.pid
    tend_until(supervised, lambda: file.exists() and bool(file.read_text()))
    one.renew(0.1)
    tend_until(supervised, lambda: one.pid not in (first, None))
    assert caplog.messages == ["sleeper did not end in time and is killed"]
    one.renew(0.0)


def test_a_part_inherits_its_files(run: Callable[[Part], Supervisor], tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        code = f"import os; os.write({file.fileno()}, b'mine'); {SLEEPS}"
        run(Part("sleeper", (sys.executable, "-c", code), os.environ, [file.fileno()]))
    deadline = time.monotonic() + 20
    while (tmp_path / "file").read_text() != "mine":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_stopping_ends_everything_at_once() -> None:
    parts = [part(SLEEPS), part(SLEEPS)]
    supervised = Supervisor(parts)
    supervised.start()
    pids = [one.pid for one in parts]
    assert supervised.stop()
    assert not any(pid and psutil.pid_exists(pid) for pid in pids)
    assert [one.pid for one in parts] == [None, None]


def test_what_waits_for_its_turn_is_not_started_while_stopping() -> None:
    one = part(FAILS)
    supervised = Supervisor([one])
    supervised.start()
    tend_until(supervised, lambda: one.pid is None)
    assert supervised.stop()
    supervised.tend()
    assert one.pid is None


def test_who_does_not_stop_is_killed_with_its_children(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "child"
    supervised = Supervisor([part(STUBBORN, str(file))])
    supervised.start()
    tend_until(supervised, lambda: file.exists() and bool(file.read_text()))
    grandchild = psutil.Process(int(file.read_text()))
    assert not supervised.stop(0.2)
    assert caplog.messages == ["sleeper did not end in time and is killed"]
    tend_until(supervised, lambda: not grandchild.is_running() or grandchild.status() == "zombie")


def test_ctrl_c_of_the_terminal_does_not_reach_the_parts(run: Callable[[Part], Supervisor]) -> None:
    one = part(SLEEPS)
    run(one)
    assert one.pid is not None
    assert os.getpgid(one.pid) == one.pid != os.getpgid(0)


def test_a_part_hears_of_a_supervisor_that_was_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISES], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        child = psutil.Process(int(run.stdout.readline()))
        run.kill()
    child.wait(10)
    assert not child.is_running()
