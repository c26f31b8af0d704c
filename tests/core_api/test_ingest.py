"""core_api/ingest.py: many threads, few commits, and an outcome for each that is true."""

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from core_api import ingest, turns
from core_api.ingest import Busy, GroupCommit
from core_api.storage.models import StoredObject
from tests.services import databases

Outcome = int | Exception


class Refusal(Exception):
    """An error whose __init__ differs from its args."""

    def __init__(self, *, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


class Writer:
    """Stores keys as rows; can be held up inside its transaction, and told to fail."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.commits = 0
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.failure: Exception | None = None
        self.group: GroupCommit[str, int] = GroupCommit(self.write, size=len)

    def write(self, keys: Sequence[str]) -> list[Outcome]:
        self.batches.append(list(keys))
        good = [StoredObject(key=key, data=b"") for key in keys if not key.startswith("bad")]
        StoredObject.objects.bulk_create(good)
        assert self.goes_on.wait(30)
        if self.failure:
            raise self.failure
        return [ValueError(key) if key.startswith("bad") else len(key) for key in keys]


@pytest.fixture
def writer() -> Iterator[Writer]:
    writer = Writer()
    yield writer
    writer.goes_on.set()
    writer.group.close()


Submit = Callable[[str], "Future[int]"]


@pytest.fixture
def submit(writer: Writer) -> Iterator[Submit]:
    """Submit from a thread of its own; comes back when the item is queued or in work."""

    def submitted(key: str) -> "Future[int]":
        before = writer.group._bytes
        future = pool.submit(writer.group.submit, key)
        wait_until(lambda: future.done() or writer.group._bytes != before)
        return future

    with ThreadPoolExecutor(100) as pool:
        yield submitted
        writer.goes_on.set()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def keys() -> list[str]:
    return sorted(StoredObject.objects.values_list("key", flat=True))


pytestmark = pytest.mark.django_db(transaction=True)


def test_an_item_is_stored(writer: Writer) -> None:
    assert writer.group.submit("four") == 4
    assert keys() == ["four"]


def test_the_outcome_comes_after_the_commit(writer: Writer, submit: Submit) -> None:
    writer.goes_on.clear()
    future = submit("a")
    wait_until(lambda: writer.batches)
    assert not future.done()
    assert keys() == []
    writer.goes_on.set()
    assert future.result(30) == 1
    assert keys() == ["a"]


def test_what_queues_up_during_a_commit_is_one_batch(writer: Writer, submit: Submit) -> None:
    writer.goes_on.clear()
    futures = [submit("a")]
    wait_until(lambda: writer.batches)
    futures += [submit(key) for key in ("bb", "ccc", "dddd")]
    writer.goes_on.set()
    assert [future.result(30) for future in futures] == [1, 2, 3, 4]
    assert writer.batches == [["a"], ["bb", "ccc", "dddd"]]


def test_a_batch_is_bounded_in_items_and_bytes(
    writer: Writer, submit: Submit, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.COAPTURE_INGEST_BATCH = 2
    monkeypatch.setattr(ingest, "BATCH_BYTES", 10)
    writer.goes_on.clear()
    futures = [submit("first")]
    wait_until(lambda: writer.batches)
    items = ["a", "b", "c", "d" * 9, "e", "f" * 10, "g" * 99, "h"]
    futures += [submit(item) for item in items]
    writer.goes_on.set()
    assert [future.result(30) for future in futures] == [5, 1, 1, 1, 9, 1, 10, 99, 1]
    assert writer.batches == [
        ["first"],
        ["a", "b"],
        ["c", "d" * 9],
        ["e"],
        ["f" * 10],
        ["g" * 99],
        ["h"],
    ]


def test_inside_atomic_it_is_part_of_that_transaction(writer: Writer) -> None:
    with transaction.atomic():
        writer.group.submit("a")
        writer.group.submit("b")
        with pytest.raises(ValueError, match=r"^bad$"):
            writer.group.submit("bad")
        assert keys() == ["a", "b"]
        transaction.set_rollback(True)
    assert keys() == []
    assert writer.batches == [["a"], ["b"], ["bad"]]


def test_inside_atomic_a_failure_leaves_the_transaction_whole(writer: Writer) -> None:
    with transaction.atomic():
        writer.group.submit("a")
        with pytest.raises(IntegrityError):
            writer.group.submit("a")
        writer.group.submit("b")
    assert keys() == ["a", "b"]


def test_one_bad_item(writer: Writer, submit: Submit) -> None:
    futures = together(writer, submit, "a", "bad", "c")
    with pytest.raises(ValueError, match=r"^bad$"):
        futures[1].result(30)
    assert (futures[0].result(30), futures[2].result(30)) == (1, 1)
    assert keys() == ["a", "c", "first"]


def together(writer: Writer, submit: Submit, *items: str) -> "list[Future[int]]":
    """Submit the items so that they share a batch."""
    writer.goes_on.clear()
    first = submit("first")
    wait_until(lambda: writer.batches)
    futures = [submit(item) for item in items]
    writer.goes_on.set()
    first.result(30)
    return futures


def test_an_item_that_the_database_refuses_fails_alone(writer: Writer, submit: Submit) -> None:
    StoredObject.objects.create(key="taken", data=b"")
    futures = together(writer, submit, "a", "taken", "c")
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        futures[1].result(30)
    assert (futures[0].result(30), futures[2].result(30)) == (1, 1)
    assert keys() == ["a", "c", "first", "taken"]
    assert writer.batches == [["first"], ["a", "taken", "c"], ["a"], ["taken"], ["c"]]


def test_a_failure_of_the_whole_reaches_everyone(writer: Writer, submit: Submit) -> None:
    writer.goes_on.clear()
    first = submit("first")
    wait_until(lambda: writer.batches)
    writer.failure = Refusal(code=7)
    futures = [submit("a"), submit("b")]
    writer.goes_on.set()
    errors = [future.exception(30) for future in (first, *futures)]
    assert [(type(error), str(error), error.code) for error in errors] == [
        (Refusal, "code 7", 7)
    ] * 3
    assert len({id(error) for error in errors}) == 3
    assert [error.__cause__ for error in errors] == [writer.failure] * 3
    assert len({len(traceback.extract_tb(error.__traceback__)) for error in errors}) == 1
    assert keys() == []
    writer.failure = None
    assert writer.group.submit("again") == 5


@pytest.mark.only_sqlite
def test_the_deadline_of_the_lock_reaches_the_client(writer: Writer, settings: Any) -> None:
    options = connection.settings_dict["OPTIONS"]
    usual, options["timeout"] = options["timeout"], 0.05
    try:
        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            error = pool.submit(writer.group.submit, "a").exception(30)
    finally:
        options["timeout"] = usual
    assert isinstance(error, OperationalError)
    assert str(error).startswith("database is busy")
    assert keys() == []


def test_a_write_that_hides_an_error_promises_nothing() -> None:
    def write(items: Sequence[str]) -> list[Outcome]:
        for item in items:
            try:
                StoredObject(key=item, data=None).save(force_insert=True)
            except IntegrityError:
                StoredObject(key=item, data=b"")
        return [1 for _ in items]

    group: GroupCommit[str, int] = GroupCommit(write, size=len)
    with pytest.raises(transaction.TransactionManagementError, match="went on after an error"):
        group.submit("a")
    group.close()


def test_a_write_must_give_an_outcome_for_each_item() -> None:
    group: GroupCommit[str, int] = GroupCommit(lambda items: [], size=len)
    with pytest.raises(RuntimeError, match="0 outcomes for 1 items"):
        group.submit("a")
    group.close()


def test_the_queue_is_bounded(writer: Writer, submit: Submit, settings: Any) -> None:
    settings.COAPTURE_INGEST_QUEUE = 10
    writer.goes_on.clear()
    futures = [submit("larger than the queue"), submit("b")]
    error = futures.pop().exception(30)
    assert isinstance(error, Busy)
    assert (error.status, error.headers) == (503, {"Retry-After": "1"})
    writer.goes_on.set()
    assert futures[0].result(30) == 21
    futures = together(writer, submit, "abcde")
    assert writer.group.submit("b") == 1
    assert futures[0].result(30) == 5
    assert keys() == ["abcde", "b", "first", "larger than the queue"]


def test_close_stores_what_is_queued(writer: Writer, submit: Submit) -> None:
    writer.goes_on.clear()
    futures = [submit("a")]
    wait_until(lambda: writer.batches)
    futures += [submit("b"), submit("c")]
    thread = writer.group._thread
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(writer.group.close)
        wait_until(lambda: writer.group._closing)
        assert not closing.done()
        writer.goes_on.set()
        closing.result(30)
    assert not thread.is_alive()
    assert [future.result(30) for future in futures] == [1, 1, 1]
    assert writer.group.submit("after") == 5
    writer.group.close()
    writer.group.close()
    assert keys() == ["a", "after", "b", "c"]


def test_an_idle_thread_ends(
    writer: Writer, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "IDLE_SECONDS", 0.01)
    writer.goes_on.clear()
    future = submit("a")
    thread = writer.group._thread
    writer.goes_on.set()
    assert future.result(30) == 1
    thread.join(30)
    assert not thread.is_alive()
    assert writer.group.submit("b") == 1


def test_many_threads(writer: Writer) -> None:
    def store(thread: int) -> list[int]:
        try:
            return [writer.group.submit(f"{thread}/{number}") for number in range(25)]
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(store, range(16)))
    assert sum(len(found) for found in outcomes) == 400
    assert keys() == sorted(f"{thread}/{number}" for thread in range(16) for number in range(25))
    assert len(writer.batches) < 400


SCRIPT = """
import os, sys, threading
import django
django.setup()
from django.core.management import call_command
from core_api.ingest import GroupCommit
from core_api.storage.models import StoredObject

call_command("migrate", verbosity=0)

def write(keys):
    StoredObject.objects.bulk_create(StoredObject(key=key, data=b"") for key in keys)
    return [os.getpid() for _ in keys]

group = GroupCommit(write, size=len)
"""
FORK = """
assert group.submit("parent") == os.getpid()
group.close()
child = os.fork()
if not child:
    assert group.submit("child") == os.getpid()
    group.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert group.submit("parent again") == os.getpid()
"""
FORK_IN_USE = """
assert group.submit("parent") == os.getpid()
child = os.fork()
if not child:
    try:
        group.submit("child")
    except django.db.OperationalError as error:
        assert "forked while its parent used the database" in str(error)
        os._exit(0)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
assert group.submit("parent again") == os.getpid()
"""
EXIT = """
ready = threading.Event()

def slow(keys):
    ready.set()
    threading.Event().wait(0.2)
    return write(keys)

group = GroupCommit(slow, size=len)
for key in ("first", "second"):
    threading.Thread(target=group.submit, args=(key,), daemon=True).start()
ready.wait()
"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (FORK, ["child", "parent", "parent again"]),
        pytest.param(FORK_IN_USE, ["parent", "parent again"], marks=pytest.mark.only_sqlite),
        (EXIT, ["first", "second"]),
    ],
    ids=["fork", "fork in use", "exit"],
)
def test_in_a_process_of_its_own(script: str, expected: list[str], tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "COAPTURE_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "core_api.settings",
        "DATABASE_URL": databases.url_for(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore:This process", "-c", SCRIPT + script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = databases.query(tmp_path, "SELECT key FROM core_api_storedobject ORDER BY key")
    assert [key for (key,) in rows] == expected


@pytest.mark.django_db(transaction=True)
def test_items_that_are_submitted_together_share_a_commit(writer: Writer) -> None:
    outcomes = writer.group.submit_all(["one", "bad", "three"])
    assert [outcome if isinstance(outcome, int) else str(outcome) for outcome in outcomes] == [
        3,
        "bad",
        5,
    ]
    assert writer.batches == [["one", "bad", "three"]]
    assert writer.group._bytes == 0


@pytest.mark.django_db(transaction=True)
def test_more_than_a_commit_takes_goes_into_several(writer: Writer, settings: Any) -> None:
    settings.COAPTURE_INGEST_BATCH = 2
    assert writer.group.submit_all(["1", "22", "333"]) == [1, 2, 3]
    assert writer.batches == [["1", "22"], ["333"]]


@pytest.mark.django_db(transaction=True)
def test_items_together_wait_by_one_turn(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_turns", None)
    turns.limit(1)
    with turns.taken():
        assert writer.group.submit_all(["1", "22", "333"]) == [1, 2, 3]
        assert turns._current() is not None
    assert turns._turns is not None
    assert turns._turns.free == 1


@pytest.mark.django_db(transaction=True)
def test_items_for_which_the_queue_has_no_room_are_refused_together(
    writer: Writer, submit: Submit, settings: Any
) -> None:
    settings.COAPTURE_INGEST_QUEUE = 6
    writer.goes_on.clear()
    submit("1234")
    with pytest.raises(Busy):
        writer.group.submit_all(["12", "3"])
    assert writer.group._bytes == 4


@pytest.mark.django_db
def test_items_together_inside_a_transaction_of_their_own(writer: Writer) -> None:
    assert writer.group.submit_all(["1", "22"]) == [1, 2]
    assert writer.group._thread is None
