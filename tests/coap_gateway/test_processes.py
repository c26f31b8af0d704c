"""Several gateway processes under one master."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from coap_gateway import server
from tests.coap_gateway.datagrams import GET, Client, path, query
from tests.coap_gateway.programs import command, serving
from tests.coap_gateway.running import Running
from tests.coap_gateway.streams import StreamClient
from tests.e2e.ports import free_port
from tests.e2e.server import is_alive, wait_until
from tests.services import databases

TWO = {"COAPTURE_COAP_PROCESSES": "2"}
PEERS = 12
STOP_WITHIN = 3.0

Master = tuple[subprocess.Popen[str], int]


@pytest.fixture
def master(tmp_path: Path) -> Iterator[Master]:
    """A master of two processes, and their port."""
    with serving(tmp_path, **TWO) as running:
        yield running


@pytest.fixture
def peers(master: Master) -> Iterator[list[Client]]:
    """Endpoints, enough for either process to have some."""
    with ExitStack() as stack:
        yield [stack.enter_context(Client(master[1])) for _ in range(PEERS)]


def process_of(client: Client) -> int:
    """The id of the process that the peer is served by."""
    return int(client.ask(GET, path("process")).payload)


def processes(master: Master) -> list[psutil.Process]:
    return psutil.Process(master[0].pid).children()


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Ask it to end, which it does in time: its exit status and its log."""
    start = time.monotonic()
    process.terminate()
    _, log = process.communicate(timeout=60)
    assert time.monotonic() - start < STOP_WITHIN
    return process.returncode, log


def test_each_peer_keeps_its_process_and_both_have_some(
    master: Master, peers: list[Client], tmp_path: Path
) -> None:
    first = [process_of(peer) for peer in peers]
    assert set(first) == {process.pid for process in processes(master)}
    assert [process_of(peer) for peer in peers] == first
    with StreamClient(master[1]) as stream:
        assert int(stream.ask(GET, path("process")).payload) in first
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == [
        "coap",
        "coap-1",
        "coap-2",
    ]
    assert end(master[0]) == (0, "")
    assert list((tmp_path / "run").iterdir()) == []


def test_what_comes_while_a_process_is_away_is_answered_by_the_next(
    master: Master, peers: list[Client]
) -> None:
    served = {peer: process_of(peer) for peer in peers}
    victim = served[peers[0]]
    process = psutil.Process(victim)
    process.kill()
    wait_until(lambda: not is_alive(process), "it is gone")
    sent = {peer: peer.send(GET, path("process"))[1] for peer in peers}
    after = {}
    for peer, token in sent.items():
        while (answer := peer.receive()).token != token or answer.code == "0.00":
            pass
        after[peer] = int(answer.payload)
    successors = {after[peer] for peer in peers if served[peer] == victim}
    assert len(successors) == 1
    assert not successors & set(served.values())
    assert all(after[peer] == served[peer] for peer in peers if served[peer] != victim)
    status, log = end(master[0])
    assert status == 0
    assert log.count("ended with status -9; it starts again in 0.1 s") == log.count("\n") == 1


def test_hangup_restarts_one_after_another(master: Master, peers: list[Client]) -> None:
    before = {process.pid for process in processes(master)}
    slow = peers[0]
    _, token = slow.send(GET, path("slow") + query("seconds=0.5"))
    assert slow.receive().code == "0.00"
    master[0].send_signal(signal.SIGHUP)
    answer = slow.receive()
    assert (answer.code, answer.token, answer.payload) == ("2.05", token, b"done")
    wait_until(lambda: not before & {process_of(peer) for peer in peers}, "both are new")
    assert len({process_of(peer) for peer in peers}) == 2
    assert end(master[0]) == (0, "")


def test_sigterm_lets_requests_finish(master: Master, peers: list[Client]) -> None:
    tokens = [peer.send(GET, path("slow") + query("seconds=0.5"))[1] for peer in peers[:4]]
    assert [peer.receive().code for peer in peers[:4]] == ["0.00"] * 4
    assert end(master[0]) == (0, "")
    answers = [peer.receive() for peer in peers[:4]]
    assert [(answer.payload, answer.token) for answer in answers] == [
        (b"done", token) for token in tokens
    ]


def test_a_killed_master_leaves_nothing(master: Master) -> None:
    left = processes(master)
    assert len(left) == 2
    master[0].kill()
    wait_until(lambda: not any(map(is_alive, left)), "all have ended")


def test_a_second_master_is_refused(master: Master, tmp_path: Path) -> None:
    address = f"127.0.0.1:{master[1]}"
    second = command(tmp_path, "--coap", address, **TWO)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out) == (1, "")
    assert err == (
        f"CommandError: --coap: UDP {address} is taken; stop what listens there or choose another "
        "port.\n"
    )


def test_a_database_that_is_not_ready_is_one_sentence(tmp_path: Path) -> None:
    databases.make_empty(tmp_path)
    process = command(tmp_path, "--coap", f"127.0.0.1:{free_port()}", "--processes", "2")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("CommandError: The database is not ready (")
    assert err.count("\n") == 1


def test_an_event_loop_that_hangs_is_no_life(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gateway.gateway.lives()
    monkeypatch.setattr(server, "TICK", 0.02)
    gateway.look(lambda one: time.sleep(0.1))
    assert not gateway.gateway.lives()
    monkeypatch.setattr(server, "TICK", 1.0)
    assert gateway.gateway.lives()
