"""core_api/postgresql/races.py, and the writers that rely on it."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from core_api.ingest import GroupCommit
from core_api.postgresql import races
from core_api.storage import services as storage
from core_api.storage.models import Blob, DoomedObject, StoredObject
from tests.core_api.postgresql.waiting import await_waiting, held_open, in_thread
from tests.e2e.server import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def keep(*contents: bytes) -> dict[str, Blob]:
    with transaction.atomic():
        return storage.keep((storage.draft(digest(data), len(data)), data) for data in contents)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_content_that_is_being_stored_is_waited_for(pool: ThreadPoolExecutor) -> None:
    with held_open(lambda: keep(b"a")):
        second = in_thread(pool, lambda: keep(b"a", b"b"))
        await_waiting()
    kept = second.result(30)
    assert Blob.objects.count() == StoredObject.objects.count() == 2
    assert {blob.pk for blob in kept.values()} == set(Blob.objects.values_list("pk", flat=True))
    assert all(storage.read(kept[digest(data)]) == data for data in (b"a", b"b"))


def test_a_content_that_is_being_forgotten_is_stored_again(pool: ThreadPoolExecutor) -> None:
    former = keep(b"a")[digest(b"a")]
    with held_open(lambda: storage.forget([former.pk])):
        again = in_thread(pool, lambda: keep(b"a"))
        await_waiting()
    (blob,) = again.result(30).values()
    assert blob.pk != former.pk
    assert storage.read(blob) == b"a"
    assert DoomedObject.objects.get().key == former.key


def test_a_content_that_is_kept_is_not_forgotten_meanwhile(pool: ThreadPoolExecutor) -> None:
    former = keep(b"a")[digest(b"a")]

    def forget() -> None:
        with transaction.atomic():
            storage.forget([former.pk])

    with held_open(lambda: keep(b"a")):
        forgetting = in_thread(pool, forget)
        await_waiting()
    forgetting.result(30)


def test_writers_of_the_same_contents_never_wait_in_a_circle(pool: ThreadPoolExecutor) -> None:
    contents = [bytes([number]) for number in range(40)]
    together = threading.Barrier(4)

    def keep_all(some: Sequence[bytes]) -> int:
        together.wait(30)
        return len(keep(*some))

    orders = (contents, contents[::-1], contents[20:] + contents[:20], contents[::-1])
    writers = [in_thread(pool, lambda order=order: keep_all(order)) for order in orders]
    assert [writer.result(30) for writer in writers] == [40] * 4
    assert Blob.objects.count() == StoredObject.objects.count() == 40


def deadlock() -> OperationalError:
    """What Django raises where PostgreSQL ends a transaction that waits in a circle."""
    with connection.cursor() as cursor, pytest.raises(OperationalError) as caught:
        cursor.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
    return caught.value


def test_a_batch_that_lost_is_written_item_by_item() -> None:
    batches: list[list[str]] = []
    goes_on = threading.Event()
    failures: list[Exception] = []

    def write(items: Sequence[str]) -> list[int]:
        batches.append(list(items))
        assert goes_on.wait(30)
        if len(items) > 1:
            failures.append(deadlock())
            raise failures[0]
        return [len(item) for item in items]

    group: GroupCommit[str, int] = GroupCommit(write, size=len)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(group.submit, "first")
        wait_until(lambda: batches, "the first batch is being written")
        rest = [pool.submit(group.submit, item) for item in ("a", "bb")]
        wait_until(lambda: group._bytes == len("firstabb"), "the others are queued")
        goes_on.set()
        assert first.result(30) == 5
        assert sorted(one.result(30) for one in rest) == [1, 2]
    group.close()
    assert [len(batch) for batch in batches] == [1, 2, 1, 1]


@pytest.mark.parametrize("error", [IntegrityError("taken"), None], ids=["taken", "deadlock"])
def test_who_lost_tries_once_more(error: Exception | None) -> None:
    failures = [error or deadlock()]

    def step() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert races.again_where_lost(step) == "done"


def test_any_other_failure_is_passed_on() -> None:
    calls: list[int] = []

    def step() -> None:
        calls.append(1)
        raise OperationalError("the server is gone")

    with pytest.raises(OperationalError, match="gone"):
        races.again_where_lost(step)
    assert len(calls) == 1


def test_who_queues_up_for_the_same_name_waits(pool: ThreadPoolExecutor) -> None:
    def queue_up(*names: str) -> None:
        with transaction.atomic():
            races.queue_up(names)

    with held_open(lambda: races.queue_up(["a", "b"])):
        in_thread(pool, lambda: queue_up("c", "d")).result(30)
        waiting = in_thread(pool, lambda: queue_up("b"))
        await_waiting()
        assert not waiting.done()
    waiting.result(30)


def test_one_server_migrates_at_a_time(pool: ThreadPoolExecutor) -> None:
    entered, leave = threading.Event(), threading.Event()

    def migrate() -> None:
        with races.alone("migrate"):
            entered.set()
            assert leave.wait(30)

    first = in_thread(pool, migrate)
    assert entered.wait(30)
    entered.clear()
    second = in_thread(pool, migrate)
    await_waiting()
    assert not entered.is_set()
    leave.set()
    first.result(30)
    second.result(30)
