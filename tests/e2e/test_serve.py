"""serve: starting, stopping, and what stands in its way."""

import signal
import socket
import subprocess
import threading
import time
from urllib.request import urlopen

import psutil
import pytest

from tests.e2e.conftest import Launch, check_end
from tests.e2e.ports import free_port, has_ipv6
from tests.e2e.server import Server, is_alive, wait_until
from tests.shared import ROOT

CURL = "curl -H 'Content-Type: image/jpeg' --data-binary @cam.jpg"
COAP_CLIENT = "coap-client-notls -m post -t 22 -b 64 -f cam.jpg"


def test_it_prints_its_lines(server: Server) -> None:
    second_coap = (
        [f"CoAP  {server.coap6}  coap+tcp://[::1]:{server.coap_port}"] if has_ipv6() else []
    )
    wait_until(lambda: server.stdout.count("\n") >= 6, "the lines are printed")
    assert server.stdout.splitlines() == [
        "coapture is ready.",
        f"HTTP  {server.http}",
        f"CoAP  {server.coap}  {server.coap_tcp}",
        *second_coap,
        f"Data  {server.data}",
        f"Post  {CURL} '{server.http}/collections/images?deviceId=cam-7&timestamp=0'",
        f'Post  {COAP_CLIENT} "{server.coap}/collections/images?d=cam-7&t=0"',
    ]


def test_health(server: Server) -> None:
    with urlopen(f"{server.http}/healthz") as live, urlopen(f"{server.http}/readyz") as ready:
        assert live.read() == b"ok\n"
        assert ready.read() == (
            b'{"status":"ready","parts":{"web":"up","coap":"up","worker":"up","database":"up"}}'
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_with_a_request_under_way_finished(launch: Launch, number: signal.Signals) -> None:
    server = launch()
    everything = server.processes()
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=10) as client:
        client.sendall(b"POST /collections/images HTTP/1.1\r\nHost: localhost\r\n")
        client.sendall(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
        time.sleep(0.3)
        sender = threading.Timer(0.7, client.sendall, [b"}"])
        sender.start()
        started = time.monotonic()
        assert server.stop(number) == 0
        took = time.monotonic() - started
        sender.join()
        assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert took >= 0.7
    assert "Traceback" not in server.stderr
    assert not any(map(is_alive, everything))


def test_a_request_that_never_ends_does_not_hold_it_up(launch: Launch) -> None:
    server = launch()
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=10) as client:
        client.sendall(b"POST /collections/images HTTP/1.1\r\nHost: localhost\r\n")
        client.sendall(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
        time.sleep(0.3)
        server.stop()


def test_parts_that_are_killed_come_back(launch: Launch) -> None:
    server = launch()
    for name in ("web", "coap", "worker"):
        victim = server.part(name)
        victim.kill()
        wait_until(lambda gone=victim, name=name: _replaced(server, gone, name), f"{name} is back")
    server.await_ready()
    check_end(server)


def _replaced(server: Server, gone: psutil.Process, name: str) -> bool:
    try:
        return server.part(name).pid != gone.pid
    except (LookupError, psutil.NoSuchProcess):
        return False


def test_a_web_worker_that_is_killed_comes_back(launch: Launch) -> None:
    server = launch()
    web = server.part("web")
    before = {child.pid for child in web.children()}
    web.children()[0].kill()
    wait_until(lambda: len({child.pid for child in web.children()} - before) == 1, "a new one")
    server.await_ready()
    check_end(server)


def test_nothing_is_left_when_serve_itself_is_killed(launch: Launch) -> None:
    server = launch()
    everything = server.processes()
    everything[0].kill()
    wait_until(lambda: not any(map(is_alive, everything[1:])), "all end")


def test_a_web_master_that_is_killed_leaves_no_workers(launch: Launch) -> None:
    server = launch()
    web = server.part("web")
    workers = web.children()
    web.kill()
    wait_until(lambda: not any(map(is_alive, workers)), "the workers end")
    server.await_ready()
    check_end(server)


def test_a_second_start_keeps_the_data(launch: Launch) -> None:
    first = launch()
    key = (first.data / "secret_key").read_bytes()
    check_end(first)
    second = launch()
    assert (second.data / "secret_key").read_bytes() == key
    check_end(second)


def refused(server: Server) -> str:
    """What a server that cannot start says."""
    assert server.process is not None
    assert server.process.wait(30) == 1
    assert server.stdout == ""
    return server.stderr


@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_taken_port_of_http_is_one_sentence(launch: Launch, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = launch(command, ready=False, options=("--http", address))
        assert refused(server) == (
            f"CommandError: --http: TCP {address} is taken; "
            "stop what listens there or choose another port.\n"
        )


@pytest.mark.parametrize("command", ["serve", "coap"])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["TCP", "UDP"])
def test_a_taken_port_of_coap_is_one_sentence(
    launch: Launch, command: str, kind: socket.SocketKind
) -> None:
    with socket.socket(type=kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = launch(command, ready=False, options=("--coap", address))
        assert refused(server) == (
            f"CommandError: --coap: {'TCP' if kind == socket.SOCK_STREAM else 'UDP'} {address} "
            "is taken; stop what listens there or choose another port.\n"
        )


@pytest.mark.parametrize("option", ["--http", "--coap"])
def test_other_machines_are_kept_out(launch: Launch, option: str) -> None:
    server = launch(ready=False, options=(option, "0.0.0.0:20001"), environment={"ACCESS": ""})
    assert refused(server) == (
        f"CommandError: {option}: other machines can reach 0.0.0.0:20001, and whoever reaches it "
        "may write; add --open (or ACCESS=open) if that is what you want, or listen on 127.0.0.1.\n"
    )
    assert not (server.data / "db.sqlite3").exists()


def test_open_lets_them_in(launch: Launch) -> None:
    address = f"0.0.0.0:{free_port()}"
    server = launch(options=("--open", "--coap", address))
    wait_until(lambda: "coapture is ready." in server.stdout, "the lines are printed")
    assert f"CoAP  coap://{address}  coap+tcp://{address}\n" in server.stdout
    check_end(server)


def test_the_checkout_stays_clean(launch: Launch) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    before = _status()
    check_end(launch())
    assert _status() == before


def _status() -> bytes:
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
