"""Real processes that write to one file, die and fork."""

import os
import signal

from core_api.changes import Change
from tests.core_api.sqlite.conftest import Database, Spawn
from tests.core_api.sqlite.workers import (
    ALIAS,
    fork_when_idle,
    hold,
    hold_and_fork,
    insert_from_threads,
)


def paths() -> list[str]:
    rows = Change.objects.using(ALIAS).order_by("sequence")
    return list(rows.values_list("path", flat=True))


def test_eight_writers_in_three_processes(table: Database, spawn: Spawn) -> None:
    threads, rows = (3, 3, 2), 40
    pipes = [spawn(insert_from_threads, table.path, count, rows)[1] for count in threads]
    assert [pipe.recv() for pipe in pipes] == ["ready"] * 3
    for pipe in pipes:
        pipe.send("go")
    assert [pipe.recv() for pipe in pipes] == [0, 0, 0]
    assert len(set(paths())) == sum(threads) * rows
    assert table.free


def test_a_holder_that_is_killed(table: Database, spawn: Spawn) -> None:
    process, pipe = spawn(hold, table.path)
    assert pipe.recv() == "holds"
    assert not table.free
    process.kill()
    Change(path="/after").save(using=ALIAS)
    assert paths() == ["/after"]


def test_a_forked_child_neither_holds_the_lock_nor_keeps_it_alive(
    table: Database, spawn: Spawn
) -> None:
    parent, pipe = spawn(hold_and_fork, table.path)
    assert pipe.recv().startswith("TransactionManagementError: An error occurred")
    assert pipe.recv() == (
        "OperationalError: This process was forked while its parent used the database."
    )
    assert not table.free
    os.kill(parent.pid, signal.SIGKILL)
    parent.join()
    assert table.free
    Change(path="/after").save(using=ALIAS)
    pipe.send("end")
    assert paths() == ["/after"]


def test_a_child_that_is_forked_from_an_idle_parent_has_its_own_connection(
    table: Database, spawn: Spawn
) -> None:
    _, pipe = spawn(fork_when_idle, table.path)
    assert [pipe.recv(), pipe.recv()] == ["saved", "saved"]
    assert paths() == ["/before", "/child", "/parent"]
    assert table.free
