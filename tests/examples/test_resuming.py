"""Each example client goes on where it stopped, as a server sees it that remembers all."""

from pathlib import Path

import pytest

from tests.e2e.server import wait_until
from tests.examples.clients import Command, Sending, aiocoap, code_of, plain, start, write_jpeg
from tests.examples.collector import FORGOTTEN, RESET, SILENCE, Collector, Reply, Seen

SIZE = 20_000
LAST = SIZE // 1024
STOP = 7


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return write_jpeg(tmp_path / "cam.jpg", seed=5, size=SIZE)


def check_went_on(collector: Collector, picture: Path) -> None:
    """It took two ports, and no block came twice but the one that stayed unanswered."""
    first, second = dict.fromkeys(seen.port for seen in collector.seen)
    numbers = {
        p: [seen.number for seen in collector.seen if seen.port == p] for p in (first, second)
    }
    assert numbers[first][: STOP + 1] == list(range(STOP + 1))
    assert set(numbers[first][STOP:]) == {STOP}
    assert numbers[second] == list(range(STOP, LAST + 1))
    assert len({seen.tag for seen in collector.seen}) == 1
    assert collector.body == picture.read_bytes()


def until_another_port(reply: Reply) -> "Collector":
    """A server that gives this reply to a block, until the client comes from another port."""
    ports: list[int] = []

    def err(seen: Seen) -> Reply | None:
        ports.append(seen.port)
        return reply if seen.port == ports[0] and seen.number == STOP else None

    return Collector(err)


def test_after_a_reset_it_goes_on_from_another_port(client: Command, picture: Path) -> None:
    with until_another_port(RESET) as collector:
        assert code_of(start(client(Sending(collector.port, "cam", picture)))) == "2.01"
    check_went_on(collector, picture)


@pytest.mark.parametrize("patient", [plain, aiocoap])
def test_after_silence_it_goes_on_from_another_port(patient: Command, picture: Path) -> None:
    """Those that can be impatient; the shortest silence that libcoap takes for one is 3 s."""
    with until_another_port(SILENCE) as collector:
        sending = Sending(collector.port, "cam", picture, retransmissions=1)
        assert code_of(start(patient(sending))) == "2.01"
    check_went_on(collector, picture)


@pytest.mark.parametrize("cbor", [False, True])
def test_after_a_restart_it_goes_on(client: Command, picture: Path, cbor: bool) -> None:
    silent = True

    def err(seen: Seen) -> Reply | None:
        return SILENCE if silent and seen.number == STOP else None

    state = picture.with_name("state")
    with Collector(err) as collector:
        command = client(Sending(collector.port, "cam", picture, cbor=cbor, state=state))
        cut_off = start(command)
        wait_until(lambda: any(seen.number == STOP for seen in collector.seen), "it is under way")
        cut_off.kill()
        cut_off.communicate()
        before, silent = len(collector.seen), False
        assert code_of(start(command)) == "2.01"
    after = [seen.number for seen in collector.seen[before:] if seen.port != collector.seen[0].port]
    assert after == [LAST, *range(STOP, LAST + 1)]
    assert len({seen.tag for seen in collector.seen}) == 1
    assert collector.body.endswith(picture.read_bytes())
    assert not state.exists()


def test_another_picture_does_not_resume(client: Command, picture: Path) -> None:
    state = picture.with_name("state")
    state.write_text(f"{64 * '0'} {16 * '1'}")
    with Collector() as collector:
        sending = Sending(collector.port, "cam", picture, state=state)
        assert code_of(start(client(sending))) == "2.01"
    assert [seen.number for seen in collector.seen] == list(range(LAST + 1))
    assert {seen.tag for seen in collector.seen} != {bytes.fromhex(16 * "1")}
    assert len(collector.seen[0].tag or b"") == 8


def test_where_the_server_forgot_it_begins_again(client: Command, picture: Path) -> None:
    forgotten: list[Seen] = []

    def err(seen: Seen) -> Reply | None:
        if seen.number != STOP or forgotten:
            return None
        forgotten.append(seen)
        return FORGOTTEN

    with Collector(err) as collector:
        assert code_of(start(client(Sending(collector.port, "cam", picture)))) == "2.01"
    assert [seen.number for seen in collector.seen] == [*range(STOP + 1), *range(LAST + 1)]
    assert collector.body == picture.read_bytes()
