"""core_api/changes.py: the outbox, its followers in this process and in others."""

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core_api import changes
from core_api.changes import Change, Follower, affected, prune, publish
from tests.services import databases

pytestmark = pytest.mark.django_db(transaction=True)

PUBLISHER = """
import sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection, transaction
from core_api.changes import publish
for line in sys.stdin:
    with transaction.atomic():
        publish(*line.split())
    print("published", flush=True)
"""


@pytest.fixture
def follower() -> Iterator[Follower]:
    with Follower() as follower:
        yield follower


@pytest.fixture
def slow_poll(settings: Any) -> None:
    """Polling alone would find nothing within the time of a test."""
    settings.COAPTURE_CHANGES_POLL = 60.0


class Publisher:
    """Another process that publishes the paths of each line."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": databases.url(),
            "DJANGO_SETTINGS_MODULE": "core_api.settings",
        }
        command = [sys.executable, "-c", PUBLISHER]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, env=environment, stdin=pipe, stdout=pipe, text=True
        )

    def publish(self, *paths: str) -> None:
        self.process.stdin.write(" ".join(paths) + "\n")
        self.process.stdin.flush()

    def published(self) -> None:
        assert self.process.stdout.readline() == "published\n"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()
    yield publisher
    publisher.process.stdin.close()
    publisher.process.wait(30)
    publisher.process.stdout.close()


def test_rows() -> None:
    before = timezone.now()
    publish("/a", "/b", "/a")
    rows = list(Change.objects.order_by("sequence"))
    assert [row.path for row in rows] == ["/a", "/b", "/a"]
    assert [row.sequence - rows[0].sequence for row in rows] == [0, 1, 2]
    assert all(before <= row.created <= timezone.now() for row in rows)
    assert str(rows[0]) == f"{rows[0].sequence} /a"


def test_sequences_are_never_used_again() -> None:
    publish("/a")
    last = Change.objects.get().sequence
    Change.objects.all().delete()
    publish("/b")
    assert Change.objects.get().sequence == last + 1


def test_many_paths_are_few_queries() -> None:
    with CaptureQueriesContext(connection) as queries:
        publish(*(f"/{number}" for number in range(64)))
    assert len([query for query in queries if "INSERT" in query["sql"]]) == 1


def test_a_follower_sees_what_comes_after_it_was_made() -> None:
    publish("/before")
    with Follower() as follower:
        publish("/a", "/b")
        publish("/c")
        assert follower.wait(30) == ["/a", "/b", "/c"]
        publish("/a")
        assert follower.wait(30) == ["/a"]
        assert follower.wait(0) == []


def test_nothing_new(follower: Follower) -> None:
    start = time.monotonic()
    assert follower.wait(0.12) == []
    assert time.monotonic() - start >= 0.12


@pytest.mark.usefixtures("slow_poll")
def test_a_commit_in_this_process_wakes(follower: Follower) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(follower.wait, 60)
        time.sleep(0.05)
        assert not waiting.done()
        publish("/a")
        assert waiting.result(30) == ["/a"]


@pytest.mark.usefixtures("slow_poll")
def test_its_own_thread_may_publish(follower: Follower) -> None:
    assert follower.wait(0) == []
    publish("/a")
    assert follower.wait(60) == ["/a"]


def test_what_is_not_committed_is_not_seen(follower: Follower) -> None:
    with transaction.atomic():
        publish("/undone")
        assert follower.wait(0.1) == []
        transaction.set_rollback(True)
    assert follower.wait(0.1) == []
    with transaction.atomic():
        publish("/done")
        assert follower.wait(0.1) == []
    assert follower.wait(30) == ["/done"]


def test_several_followers_each_see_all() -> None:
    with Follower() as one, Follower() as two:
        publish("/a")
        assert one.wait(30) == ["/a"]
        publish("/b")
        assert one.wait(30) == ["/b"]
        assert two.wait(30) == ["/a", "/b"]


def test_another_process_publishes(follower: Follower, publisher: Publisher) -> None:
    publisher.publish("/a", "/b")
    assert follower.wait(60) == ["/a", "/b"]
    publisher.published()
    publish("/mine")
    assert follower.wait(30) == ["/mine"]
    publisher.publish("/c")
    assert follower.wait(30) == ["/c"]
    publisher.published()


def test_every_path_once_and_in_order_while_many_publish(
    follower: Follower, publisher: Publisher
) -> None:
    """Three threads here and a process beside them, one commit a path."""
    found: list[str] = []
    total = 4 * 50

    def publish_many(name: str) -> None:
        for number in range(50):
            publish(f"/{name}/{number}")
        connection.close()

    threads = [threading.Thread(target=publish_many, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for number in range(50):
        publisher.publish(f"/d/{number}")
    while len(found) < total and (paths := follower.wait(30)):
        found += paths
    for thread in threads:
        thread.join()
    for _ in range(50):
        publisher.published()
    assert follower.wait(0.1) == []
    rows = list(Change.objects.order_by("sequence").values_list("path", flat=True))
    assert sorted(found) == sorted(rows)
    # On PostgreSQL commits may overtake each other, but for those of one connection.
    for name in "abcd":
        ours = [path for path in found if path.startswith(f"/{name}/")]
        assert ours == [f"/{name}/{number}" for number in range(50)]
    assert connection.vendor == "postgresql" or found == rows
    for name in "abcd":
        own = [path for path in found if path.startswith(f"/{name}/")]
        assert own == [f"/{name}/{number}" for number in range(50)]


def test_more_than_one_read(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "READ_BATCH", 2)
    publish("/a", "/b", "/c", "/d")
    assert [follower.wait(30), follower.wait(30)] == [["/a", "/b"], ["/c", "/d"]]
    publish("/e")
    assert [follower.wait(30), follower.wait(0)] == [["/e"], []]


@pytest.mark.only_sqlite
def test_no_table_is_read_while_nothing_changes(follower: Follower) -> None:
    follower.wait(0)
    reader = follower._connection
    with CaptureQueriesContext(reader) as queries:
        assert follower.wait(0) == []
        assert follower.wait(0.12) == []
    assert {query["sql"] for query in queries} == {"PRAGMA data_version"}


@pytest.mark.usefixtures("slow_poll")
def test_it_outwaits_errors_of_the_database(
    follower: Follower, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(changes, "RETRY_SECONDS", 0.01)
    publish("/a")
    assert follower.wait(30) == ["/a"]
    follower._connection.connection.close()
    publish("/b")
    with caplog.at_level("WARNING", logger="coapture"):
        assert follower.wait(30) == ["/b"]
    (record,) = caplog.records
    assert record.getMessage() in (
        "The change feed cannot be read: Cannot operate on a closed database.",
        "The change feed cannot be read: the connection is closed",
    )
    publish("/c")
    assert follower.wait(30) == ["/c"]


def test_it_outwaits_a_missing_table(
    follower: Follower, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(changes, "RETRY_SECONDS", 0.01)
    publish("/in the old table")
    call_command("migrate", "core_api", "zero", verbosity=0)
    try:
        with caplog.at_level("WARNING", logger="coapture"):
            assert follower.wait(0.1) == []
        assert len(caplog.records) == 1
    finally:
        call_command("migrate", verbosity=0)
    assert follower.wait(0.1) == []
    publish("/in the new table")
    assert follower.wait(30) == ["/in the new table"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/collections/images/cam-7/20261121T080000Z",
            [
                "/collections/images/cam-7/20261121T080000Z",
                "/collections/images/cam-7/latest",
                "/collections/images/cam-7",
                "/collections/images",
                "/collections",
            ],
        ),
        ("/a/latest", ["/a/latest", "/a"]),
        ("/a%2Fb/c", ["/a%2Fb/c", "/a%2Fb/latest", "/a%2Fb"]),
        ("/a", ["/a"]),
    ],
)
def test_affected(path: str, expected: list[str]) -> None:
    assert list(affected(path)) == expected


def test_prune(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.COAPTURE_CHANGES_KEEP = 60.0
    monkeypatch.setattr(changes, "PRUNE_BATCH", 2)
    publish("/1", "/2", "/3", "/4", "/5", "/young", "/new")
    now = timezone.now()
    old = Change.objects.exclude(path__in=["/young", "/new"])
    old.update(created=now - dt.timedelta(seconds=61))
    Change.objects.filter(path="/young").update(created=now - dt.timedelta(seconds=30))
    assert prune() == 5
    assert prune() == 0
    paths = list(Change.objects.order_by("sequence").values_list("path", flat=True))
    assert paths == ["/young", "/new"]


def test_a_follower_keeps_its_place_when_all_is_pruned(settings: Any) -> None:
    publish("/before")
    with Follower() as follower:
        publish("/a")
        assert follower.wait(30) == ["/a"]
        settings.COAPTURE_CHANGES_KEEP = 0.0
        assert prune() == 2
        with Follower() as late:
            publish("/b")
            assert follower.wait(30) == ["/b"]
            assert late.wait(30) == ["/b"]
