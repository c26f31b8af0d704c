"""`coapture coap` from its start to its end."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.coap_gateway.datagrams import GET, POST, Client, path, query
from tests.coap_gateway.programs import command, serving
from tests.coap_gateway.streams import RELEASE, StreamClient
from tests.e2e.ports import free_port, has_ipv6
from tests.services import databases
from tests.shared import ROOT

STOP_WITHIN = 3.0


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its exit status and all that it printed."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_line_for_each_address(tmp_path: Path) -> None:
    port = free_port()
    hosts = ["127.0.0.1"] + (["[::1]"] if has_ipv6() else [])
    options = [part for host in hosts for part in ("--coap", f"{host}:{port}")]
    with command(tmp_path, *options) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in hosts]
        assert lines == [f"CoAP listens on {host}:{port} (UDP and TCP).\n" for host in hosts]
        for host in hosts:
            with Client(port, host.strip("[]")) as client:
                assert client.ask(GET, path("collections")).code == "2.05"
        process.send_signal(signal.SIGINT)
        assert ended(process) == (0, "", "")


def test_sigterm_lets_a_request_finish(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, port), Client(port) as client:
        _, token = client.send(GET, path("slow") + query("seconds=1"))
        assert client.receive().code == "0.00"
        process.terminate()
        start = time.monotonic()
        answer = client.receive()
        assert (answer.code, answer.token, answer.payload) == ("2.05", token, b"done")
        assert ended(process) == (0, "", "")
        assert time.monotonic() - start < STOP_WITHIN


def test_a_request_that_hangs_does_not_hold_it_up(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, port), Client(port) as client:
        client.send(GET, path("slow") + query("seconds=30"))
        assert client.receive().code == "0.00"
        process.terminate()
        start = time.monotonic()
        assert ended(process)[0] == 0
        assert time.monotonic() - start < STOP_WITHIN


def test_tcp_connections_are_released(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, port), StreamClient(port) as client:
        assert client.ask(POST, path("keep"), b"body").code == "2.01"
        process.terminate()
        assert client.receive().code == RELEASE
        assert client.is_closed()
        assert ended(process) == (0, "", "")


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_is_taken(tmp_path: Path, kind: socket.SocketKind) -> None:
    port = free_port()
    with socket.socket(type=kind) as taken:
        taken.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        status, out, err = ended(command(tmp_path, "--coap", f"127.0.0.1:{port}"))
    name = "TCP" if kind == socket.SOCK_STREAM else "UDP"
    assert (status, out) == (1, "")
    assert err == (
        f"CommandError: --coap: {name} 127.0.0.1:{port} is taken; stop what listens there or "
        "choose another port.\n"
    )


def test_other_machines_are_kept_out_unless_it_is_open(tmp_path: Path) -> None:
    port = free_port()
    status, out, err = ended(command(tmp_path, "--coap", f"0.0.0.0:{port}"))
    assert (status, out) == (1, "")
    assert "add --open" in err
    assert err.count("\n") == 1
    with command(tmp_path, "--coap", f"0.0.0.0:{port}", "--open") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"CoAP listens on 0.0.0.0:{port} (UDP and TCP).\n"
        with Client(port) as client:
            assert client.ask(GET, path("collections")).code == "2.05"
        process.terminate()
        assert ended(process) == (0, "", "")


def test_a_database_that_is_not_ready(tmp_path: Path) -> None:
    databases.make_empty(tmp_path)
    status, out, err = ended(command(tmp_path, "--coap", f"127.0.0.1:{free_port()}"))
    assert (status, out) == (1, "")
    assert err.startswith("CommandError: The database is not ready (")
    assert err.count("\n") == 1


@pytest.mark.skipif(shutil.which("coap-client-notls") is None, reason="libcoap3-bin is missing")
@pytest.mark.parametrize("size", [100, 10_000])
def test_libcoap(tmp_path: Path, size: int) -> None:
    body, got = tmp_path / "body", tmp_path / "got"
    body.write_bytes(bytes(index * 7 % 256 for index in range(size)))
    with serving(tmp_path) as (_, port):
        for scheme in ("coap", "coap+tcp"):
            client = ["coap-client-notls", "-B", "10", "-v", "0"]
            where = f"{scheme}://127.0.0.1:{port}"
            post = [*client, "-m", "post", "-t", "42", "-b", "64", "-f", str(body)]
            posted = subprocess.run([*post, f"{where}/keep"], capture_output=True, check=True)
            assert posted.stdout.strip() == str(size).encode()
            url = f"{where}/big/{size}"
            subprocess.run([*client, "-b", "256", "-o", str(got), url], check=True)
            assert got.stat().st_size == size


def test_aiocoap(tmp_path: Path) -> None:
    client = ROOT / ".venv/bin/aiocoap-client"
    if not client.exists():
        pytest.skip("aiocoap-client is missing")
    with serving(tmp_path) as (_, port):
        for scheme in ("coap", "coap+tcp"):
            url = f"{scheme}://127.0.0.1:{port}/big/100000"
            got = subprocess.run([client, url], capture_output=True, check=True)
            assert len(got.stdout) == 100_000
