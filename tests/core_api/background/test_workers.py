"""Who works here, and waking them."""

import os
import select
from pathlib import Path

import pytest
from pytest_django import Settings

from core_api.background import pace, wake, workers
from core_api.background.pace import Pace
from core_api.background.retries import pause
from core_api.background.tasks import Retry
from core_api.background.work import End, Ended


def rung(presence: workers.Presence) -> bool:
    return bool(select.select([presence.bell], [], [], 0)[0])


def test_a_worker_is_alive_until_it_ends() -> None:
    presence = workers.Presence()
    assert list(workers.dead()) == []
    presence.end()
    assert list(workers.dead()) == []
    assert list(workers.folder().iterdir()) == []


def test_who_left_its_lock_is_dead_once() -> None:
    presence = workers.Presence()
    os.close(presence._lock)
    presence.bell._socket.close()
    [dead] = workers.dead()
    assert dead.id == presence.id
    assert list(workers.dead()) == []
    dead.leave()
    [dead] = workers.dead()
    dead.bury()
    dead.leave()
    assert list(workers.folder().iterdir()) == []


def test_nobody_works_where_there_is_no_folder() -> None:
    assert list(workers.dead()) == []
    wake.ring(workers.folder())


@pytest.mark.parametrize("depth", [0, 200])
def test_the_bell_reaches_every_worker_however_long_the_path(
    settings: Settings, tmp_path: Path, depth: int
) -> None:
    settings.COAPTURE_DATA = tmp_path / ("x" * depth) / "data"
    one, two = workers.Presence(), workers.Presence()
    assert not rung(one)
    # More than a socket's queue takes: nobody waits.
    for _ in range(50):
        wake.ring(workers.folder())
    assert rung(one)
    assert rung(two)
    one.bell.clear()
    assert not rung(one)
    one.end()
    two.end()


def test_pauses_grow_to_the_longest_with_some_chance() -> None:
    retry = Retry(attempts=2000, errors=(OSError,), delay=1, factor=2, longest=60)
    for attempt, seconds in ((1, 1), (2, 2), (4, 8), (10, 60), (1999, 60)):
        assert pause(retry, OSError(), attempt) == pytest.approx(seconds, rel=0.11)
    assert pause(retry, OSError(), 2000) is None
    assert pause(retry, ValueError(), 1) is None


def test_only_short_jobs_are_claimed_ahead() -> None:
    def end(took: float, end: End = End.SUCCESSFUL) -> Ended:
        return Ended(None, end, took=took)  # type: ignore[arg-type]

    pacing = Pace(slots=2)
    assert pacing.ahead == 0
    pacing.learn([end(0.0005)] * 40)
    assert pacing.ahead == pace.MOST_AHEAD
    pacing.learn([end(0.005)] * 40)
    assert 15 < pacing.ahead < 25
    pacing.learn([end(0, End.RETURNED)])
    assert pacing.ahead == 0
    pacing.learn([end(0.0005)] * 40)
    pacing.learn([end(10)])
    assert pacing.ahead == 0


def test_a_worker_rests_between_its_turns_only_where_many_jobs_end() -> None:
    pacing = Pace(slots=2)
    few, many = 50, 200
    pacing.learn([Ended(None, End.SUCCESSFUL)] * few)  # type: ignore[arg-type]
    assert pacing.rest == 0
    pacing.learn([Ended(None, End.SUCCESSFUL)] * many)  # type: ignore[arg-type]
    assert pacing.rest == pace.REST
