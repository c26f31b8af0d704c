"""kill -9 during uploads, deletions and sweeps: no image is lost, no object stays behind."""

import datetime as dt
import hashlib
import http.client
import itertools
import os
import signal
import sqlite3
import subprocess
import threading
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import psycopg
import pytest

from core_api.serving.processes import managing
from tests.e2e.conftest import Launch
from tests.e2e.server import Server, wait_until
from tests.pictures import jpeg
from tests.services.postgres import PostgreSQL
from tests.services.s3 import Rclone

ROUNDS = 20
# What each writer acknowledges in a round at least.
STEPS = 4
ATTEMPTS = 5
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Changer(threading.Thread):
    """A device that posts pictures and deletes every other one, and remembers what it was told."""

    def __init__(self, server: Server, device: str) -> None:
        super().__init__(name=device, daemon=True)
        self._client = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=20)
        self._device = device
        self._stopped = threading.Event()
        self.stored: dict[str, str] = {}
        self.deleted: list[str] = []
        self.start()

    def run(self) -> None:
        for number in itertools.count():
            if self._stopped.is_set():
                return
            moment = FIRST + dt.timedelta(seconds=number)
            path = f"/collections/images/{self._device}/{moment:%Y%m%dT%H%M%SZ}"
            # As a device does: again and again, until it hears that it is there.
            picture = jpeg(zlib.crc32(path.encode()))
            while self._ask("PUT", path, picture) not in (200, 201):
                if self._stopped.is_set():
                    return
            if number % 2:
                while self._ask("DELETE", path) not in (204, 404):
                    if self._stopped.is_set():
                        return
                self.deleted.append(path)
            else:
                self.stored[path] = hashlib.sha256(picture).hexdigest()

    def _ask(self, method: str, path: str, body: bytes = b"") -> int:
        try:
            self._client.request(method, path, body, {"Content-Type": "image/jpeg"})
            response = self._client.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            self._client.close()
            self._stopped.wait(0.01)
            return 0
        return response.status

    def stop(self) -> None:
        self._stopped.set()
        self.join()
        self._client.close()


@dataclass
class Site:
    """A server, with ways past it to what it has stored."""

    environment: dict[str, str]
    query: Callable[[str], list[tuple[object, ...]]]
    objects: Callable[[], set[str]]
    server: Server

    def sweeping(self) -> "subprocess.Popen[bytes]":
        """The sweep as a process of its own."""
        environment = os.environ | self.environment | {"COAPTURE_ORPHAN_AGE": "0"}
        return subprocess.Popen(
            managing("storage", "sweep"), env=environment, stdout=subprocess.DEVNULL
        )


@pytest.fixture
def on_sqlite_and_files(launch: Launch, tmp_path: Path) -> Site:
    environment = {
        "COAPTURE_DATA": str(tmp_path / "data"),
        "DATABASE_URL": "",
        "COAPTURE_STORAGE": "files",
        "COAPTURE_DELETE_GRACE": "0",
    }

    def query(statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(tmp_path / "data/db.sqlite3")) as database:
            return database.execute(statement).fetchall()

    def objects() -> set[str]:
        return {path.name for path in (tmp_path / "data/images").glob("*/*/*")}

    return Site(environment, query, objects, launch(environment=environment))


@pytest.fixture
def on_postgresql_and_s3(
    launch: Launch, tmp_path: Path, postgres: PostgreSQL, rclone: Rclone
) -> Site:
    bucket = rclone.create()
    url = postgres.create(bucket)
    environment = {
        **rclone.credentials,
        "COAPTURE_DATA": str(tmp_path / "data"),
        "DATABASE_URL": url,
        "COAPTURE_STORAGE": "s3",
        "COAPTURE_S3_BUCKET": bucket,
        "COAPTURE_S3_ENDPOINT": rclone.url,
        "COAPTURE_DELETE_GRACE": "0",
    }

    def query(statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(url) as database:
            return database.execute(statement).fetchall()

    def objects() -> set[str]:
        return {path.name for path in (rclone.folder / "buckets" / bucket / "images").glob("*")}

    return Site(environment, query, objects, launch(environment=environment))


def digest(url: str) -> str:
    """The SHA-256 of what is there, or the status of the answer."""
    for _ in range(ATTEMPTS):
        try:
            with urlopen(url, timeout=20) as response:
                return hashlib.sha256(response.read()).hexdigest()
        except HTTPError as error:
            return str(error.code)
        except OSError:
            # A connection that was the last victim's.
            continue
    return "no answer"


def victim(server: Server) -> psutil.Process:
    """A process that answers uploads."""
    wait_until(lambda: server.part("web").children(), "the web part has workers")
    return server.part("web").children()[0]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ["on_sqlite_and_files", "on_postgresql_and_s3"])
def test_nothing_is_lost_and_nothing_stays(name: str, request: pytest.FixtureRequest) -> None:
    site: Site = request.getfixturevalue(name)
    changers = [Changer(site.server, f"camera-{number}") for number in range(4)]
    try:
        for _ in range(ROUNDS):
            goals = [len(one.stored) + len(one.deleted) + STEPS for one in changers]
            for one, goal in zip(changers, goals, strict=True):
                wait_until(
                    lambda one=one, goal=goal: len(one.stored) + len(one.deleted) >= goal,
                    "the writers go on",
                    60,
                )
            victim(site.server).kill()
    finally:
        for one in changers:
            one.stop()
    stored = {path: sha256 for one in changers for path, sha256 in one.stored.items()}
    deleted = [path for one in changers for path in one.deleted]
    found = {path: digest(site.server.http + path) for path in (*stored, *deleted)}
    assert found == stored | dict.fromkeys(deleted, "404")
    assert "Traceback" not in site.server.stderr
    # What is being written while everything ends is an orphan, too.
    site.server.kill()
    kill_a_sweep(site)
    assert site.sweeping().wait(60) == 0
    keys = [str(key) for (key,) in site.query("SELECT key FROM core_api_blob")]
    assert site.objects() == {key.partition(":")[2].replace("/", "-") for key in keys}
    assert len(set(keys)) == len(keys)
    assert site.query("SELECT key FROM core_api_doomedobject") == []


def kill_a_sweep(site: Site) -> None:
    """A sweep that dies as soon as it has deleted something."""
    before = site.objects()
    sweep = site.sweeping()
    try:
        wait_until(lambda: sweep.poll() is not None or site.objects() < before, "it deletes", 60)
    finally:
        sweep.send_signal(signal.SIGKILL)
        sweep.wait()
