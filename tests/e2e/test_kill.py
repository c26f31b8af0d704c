"""kill -9 under load: whatever was acknowledged is there afterwards, byte for byte."""

import hashlib
from collections.abc import Iterator, Sequence
from urllib.parse import quote
from urllib.request import urlopen

import psutil
import pytest

from tests.e2e.conftest import Launch, check_end
from tests.e2e.load import CoapDoor, HttpDoor, Writer
from tests.e2e.server import Server, wait_until

ROUNDS = 20
# What a kill must not interrupt for long: each door acknowledges so many pictures a round.
PICTURES = 5


@pytest.fixture
def killable(launch: Launch) -> Server:
    return launch()


@pytest.fixture
def writers(killable: Server) -> Iterator[list[Writer]]:
    """Three devices on each door, at work."""
    working = [Writer(f"http-{number}", HttpDoor(killable)) for number in range(3)]
    working += [Writer(f"coap-{number}", CoapDoor(killable)) for number in range(3)]
    yield working
    for writer in working:
        writer.stop()


def acknowledged(writers: Sequence[Writer], door: str) -> int:
    """How many pictures have come in through the door."""
    return sum(len(one.acknowledged) for one in writers if one.device.startswith(door))


def victim(server: Server, number: int) -> psutil.Process:
    """In turn a worker of the web part, whichever, and the gateway."""
    wait_until(lambda: is_up(server), "every part is up")
    if number % 2:
        return server.part("coap")
    workers = server.part("web").children()
    return workers[number // 2 % len(workers)]


def is_up(server: Server) -> bool:
    try:
        return bool(server.part("coap")) and len(server.part("web").children()) == 2
    except (LookupError, psutil.NoSuchProcess):
        return False


def wait_for_more(writers: Sequence[Writer]) -> None:
    """Until each door has acknowledged some more."""
    for door in ("http", "coap"):
        goal = acknowledged(writers, door) + PICTURES
        wait_until(lambda door=door, goal=goal: acknowledged(writers, door) >= goal, f"{door} on")


def missing(server: Server, writer: Writer) -> list[int]:
    """The timestamps of acknowledged pictures that are not there as they were."""
    query = f"{server.http}/collections/images?deviceId={quote(writer.device)}&timestamp="
    return [
        timestamp
        for timestamp, sha256 in writer.acknowledged.items()
        if sha256 != digest(f"{query}{timestamp}")
    ]


def digest(url: str) -> str:
    """The SHA-256 of what is there; empty where nothing is."""
    try:
        with urlopen(url, timeout=10) as response:
            return hashlib.sha256(response.read()).hexdigest()
    except OSError:
        return ""


@pytest.mark.timeout(300)
def test_every_acknowledged_picture_survives(killable: Server, writers: list[Writer]) -> None:
    for number in range(ROUNDS):
        wait_for_more(writers)
        victim(killable, number).kill()
    wait_for_more(writers)
    for writer in writers:
        writer.stop()
    assert {writer.device: missing(killable, writer) for writer in writers} == {
        writer.device: [] for writer in writers
    }
    check_end(killable)
