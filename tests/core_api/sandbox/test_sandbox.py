"""core_api/sandbox."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from core_api import sandbox, turns
from core_api.sandbox import pool, processes
from tests.core_api.sandbox.functions import Refused, Size
from tests.shared import ROOT

HERE = "tests.core_api.sandbox.functions"


def run(name: str, *arguments: object, cpu: float = 5, memory: int = sandbox.GIB) -> object:
    return sandbox.call(f"{HERE}:{name}", *arguments, cpu_seconds=cpu, memory=memory)


@pytest.fixture(autouse=True)
def own(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A pool of two for each test."""
    settings.COAPTURE_SANDBOX_PROCESSES = 2
    monkeypatch.setattr(pool, "_pools", {})
    yield
    for one in pool._pools.values():
        one.close()


def test_plain_values_and_bytes_pass() -> None:
    values = [None, True, -7, 0.5, "ü", b"\0\xff", [1, [2]], {"a": b"b"}]
    assert run("echo", *values) == values


def test_large_bytes_pass_whole() -> None:
    data = os.urandom(2**20) * 12
    assert run("double", data) == data + data


def test_dataclasses_pass_by_their_names() -> None:
    assert run("turned", Size(3, 4)) == Size(4, 3)


def test_a_declared_error_is_raised_again() -> None:
    with pytest.raises(Refused, match=r"^not today$"):
        run("refuse", "not today")


def test_another_error_is_a_crash_that_names_it() -> None:
    with pytest.raises(sandbox.Crashed, match="LookupError: lost") as caught:
        run("fail", "lost")
    assert not isinstance(caught.value, sandbox.Exhausted)


def test_a_child_is_warm_and_outlives_errors() -> None:
    first = run("pid")
    with pytest.raises(Refused):
        run("refuse", "x")
    assert run("pid") == first != os.getpid()


def test_a_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:hush@db/coapture")
    known = run("environment")
    assert "hush" not in str(known)


def test_a_child_writes_no_file(tmp_path: Path) -> None:
    with pytest.raises(sandbox.Crashed, match="OSError"):
        run("write", str(tmp_path / "x"))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (("crash",), "SIGSEGV"),
        (("leave", 3), "status 3"),
        (("babble",), "cannot be read"),
        (("boast",), "cannot be read"),
    ],
)
def test_a_crash_is_told_and_the_next_call_has_a_fresh_child(
    call: tuple[object, ...], reason: str
) -> None:
    first = run("pid")
    with pytest.raises(sandbox.Crashed, match=reason):
        run(*call)
    assert run("pid") != first
    assert not psutil.pid_exists(first)


def test_processor_time_is_limited_for_each_call() -> None:
    with pytest.raises(sandbox.Exhausted, match="processor time"):
        run("spin", cpu=0.2)
    assert run("echo", 1) == [1]


def test_a_child_that_stands_still_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    run("pid")
    monkeypatch.setattr(processes, "WALL_LEAST", 0.1)
    with pytest.raises(sandbox.Exhausted, match="too long"):
        run("stop", cpu=0.01)


def test_memory_is_limited_for_each_call() -> None:
    size = 300 * 2**20
    with pytest.raises(sandbox.Exhausted, match="memory"):
        run("fill", size, memory=200 * 2**20)
    assert run("fill", size) == size


def test_a_child_is_replaced_after_many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "CALLS", 2)
    assert len({run("pid") for _ in range(6)}) == 3


def test_children_work_at_once_and_are_no_more_than_the_pool_has(tmp_path: Path) -> None:
    calls = [partial(run, "meet", str(tmp_path), str(number), 2) for number in range(12)]
    with ThreadPoolExecutor(12) as threads:
        pids = {done.result() for done in [threads.submit(call) for call in calls]}
    assert len(pids) == 2
    assert {child.pid for child in psutil.Process().children()} >= pids


def test_a_storm_that_crashes_does_not_starve_another() -> None:
    """Calls are served in the order of asking, and each ends."""
    over = threading.Event()

    def storm() -> int:
        crashes = 0
        while not over.is_set():
            with pytest.raises(sandbox.Crashed):
                run("leave", 1)
            crashes += 1
        return crashes

    with ThreadPoolExecutor(8) as threads:
        storms = [threads.submit(storm) for _ in range(8)]
        try:
            assert [run("echo", number) for number in range(3)] == [[0], [1], [2]]
        finally:
            over.set()
        assert sum(done.result() for done in storms) >= 8


def test_the_turn_is_given_up_meanwhile(tmp_path: Path) -> None:
    before = turns._turns
    turns.limit(1)
    try:

        def call(number: int) -> object:
            with turns.taken():
                return run("meet", str(tmp_path), str(number), 2)

        with ThreadPoolExecutor(2) as threads:
            assert len(set(threads.map(call, range(2)))) == 2
    finally:
        turns._turns = before


PARENT = f"""
import django, threading; django.setup()
from core_api import sandbox
print(sandbox.call("{HERE}:pid", cpu_seconds=5), flush=True)
thread = threading.Thread(
    target=lambda: sandbox.call("{HERE}:spin", cpu_seconds=60), daemon=True
)
thread.start()
input()
"""


@pytest.mark.parametrize("busy", [True, False])
def test_children_end_with_their_parent_however_it_ends(tmp_path: Path, busy: bool) -> None:
    program = PARENT if busy else PARENT.replace("thread.start()", "")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "core_api.settings",
        "COAPTURE_DATA": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    child.wait(5)
