"""A rolling restart of real, small processes."""

import os
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from core_api.serving import rolling
from core_api.serving.rolling import Rolling
from core_api.serving.supervisor import Part, Supervisor

SLEEPS = "import time; time.sleep(60)"


@pytest.fixture
def supervised() -> Iterator[Supervisor]:
    """Three parts that run; they are stopped in the end."""
    command = (sys.executable, "-c", SLEEPS)
    supervisor = Supervisor(
        [Part(f"sleeper-{number}", command, os.environ) for number in (1, 2, 3)]
    )
    supervisor.start()
    yield supervisor
    supervisor.stop()


def pids(supervised: Supervisor) -> list[int | None]:
    return [part.pid for part in supervised.parts]


def renewed(part: Part, former: int | None) -> Callable[[], bool]:
    return lambda: part.pid not in (former, None)


def tend_until(supervised: Supervisor, restart: Rolling, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        supervised.tend()
        restart.tend()
        time.sleep(0.005)


def test_one_after_another_is_renewed_when_the_one_before_is_ready(supervised: Supervisor) -> None:
    ready: set[str] = set()
    restart = Rolling(supervised.parts, lambda part: part.running_for > 0 and part.name in ready)
    before = pids(supervised)
    restart.begin()
    for number, part in enumerate(supervised.parts):
        tend_until(supervised, restart, renewed(part, part.pid))
        restart.tend()
        assert pids(supervised)[number + 1 :] == before[number + 1 :]
        ready.add(part.name)
    restart.tend()
    after = pids(supervised)
    assert not set(before) & set(after)
    restart.tend()
    assert pids(supervised) == after, "once is enough"


def test_it_ends_at_a_part_that_does_not_come_back(
    supervised: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rolling, "READY_WITHIN", 0.0)
    restart = Rolling(supervised.parts, lambda part: False)
    before = pids(supervised)
    restart.begin()
    tend_until(supervised, restart, renewed(supervised.parts[0], before[0]))
    restart.tend()
    assert caplog.messages == ["sleeper-1 is not ready again; the rolling restart ends here"]
    assert pids(supervised)[1:] == before[1:]


def test_asked_again_meanwhile_it_begins_again(supervised: Supervisor) -> None:
    restart = Rolling(supervised.parts, lambda part: part.running_for > 0)
    first = supervised.parts[0]
    seen = [first.pid]
    restart.begin()
    restart.tend()
    restart.begin()
    while len(seen) < 3:
        tend_until(supervised, restart, renewed(first, seen[-1]))
        seen.append(first.pid)
    assert len(set(seen)) == 3
