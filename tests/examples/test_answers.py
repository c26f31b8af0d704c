"""What each example client makes of the server's answers."""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import cbor2
import pytest

from tests.examples.clients import Command, Sending, aiocoap, code_of, plain, start, write_jpeg
from tests.examples.collector import (
    CONFLICT,
    CONTINUE,
    TOO_LARGE,
    Collector,
    Reply,
    Seen,
    answer_with_block,
    later,
)

SIZE = 5_000


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return write_jpeg(tmp_path / "cam.jpg", seed=6, size=SIZE)


def once(reply: Reply) -> Callable[[Seen], Reply | None]:
    """This reply to the first request, the usual one to the others."""
    replies = iter([reply])
    return lambda _: next(replies, None)


def test_what_is_sent(client: Command, picture: Path) -> None:
    with Collector() as collector:
        assert code_of(start(client(Sending(collector.port, "Küche 1", picture)))) == "2.01"
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    query = {f"sha256={digest}".encode(), "d=Küche 1".encode(), b"t=0"}
    assert [seen.number for seen in collector.seen] == [0, 1, 2, 3, 4]
    assert [seen.size1 for seen in collector.seen] == [SIZE, None, None, None, None]
    assert {frozenset(seen.query) for seen in collector.seen} == {frozenset(query)}
    assert collector.body == picture.read_bytes()


def test_a_head_in_cbor(client: Command, picture: Path) -> None:
    with Collector() as collector:
        sending = Sending(collector.port, "Küche 1", picture, 1_795_248_000, cbor=True)
        assert code_of(start(client(sending))) == "2.01"
    posted = cbor2.loads(collector.body)
    assert posted == {1: "Küche 1", 2: 1_795_248_000, 3: picture.read_bytes()}


def test_smaller_blocks_are_sent_where_the_first_is_too_large(
    client: Command, picture: Path
) -> None:
    def err(seen: Seen) -> Reply | None:
        return answer_with_block(TOO_LARGE, 0, 4) if seen.exponent > 4 else None

    with Collector(err) as collector:
        assert code_of(start(client(Sending(collector.port, "cam", picture)))) == "2.01"
    assert [seen.exponent for seen in collector.seen] == [6] + [4] * 20
    assert collector.body == picture.read_bytes()


def test_the_rest_is_sent_in_smaller_blocks_where_the_server_asks(
    client: Command, picture: Path
) -> None:
    def err(seen: Seen) -> Reply | None:
        if seen.number > 0:
            return None
        collector.body += seen.payload
        return answer_with_block(CONTINUE, 0, 5)

    with Collector(err) as collector:
        assert code_of(start(client(Sending(collector.port, "cam", picture)))) == "2.01"
    assert [seen.number for seen in collector.seen] == [0, 2, 3, 4, 5, 6, 7, 8, 9]
    assert collector.body == picture.read_bytes()


def test_they_wait_as_long_as_they_are_told(camera: Command, picture: Path) -> None:
    commands = (plain, aiocoap, camera)
    collectors = [Collector(once(later(1))) for _ in commands]
    with ExitStack() as stack:
        started = [
            start(command(Sending(stack.enter_context(collector).port, "cam", picture)))
            for command, collector in zip(commands, collectors, strict=True)
        ]
        assert [code_of(one) for one in started] == ["2.01"] * len(commands)
    for collector in collectors:
        assert collector.seen[1].at - collector.seen[0].at >= 1
        assert collector.body == picture.read_bytes()


def test_it_stops_where_another_picture_is_there(client: Command, picture: Path) -> None:
    def err(seen: Seen) -> Reply | None:
        return None if seen.more else Reply(CONFLICT)

    with Collector(err) as collector:
        sender = start(client(Sending(collector.port, "cam", picture)))
        assert code_of(sender) not in ("2.01", "2.04")
    assert sender.returncode
    assert len(collector.seen) == 5
