"""Stalled uploads, over real connections."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core_api.serving.stalls import Watched

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO is Linux's")

AFTER = 0.2


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a TCP connection on loopback: the client's and the server's."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        server, _ = listener.accept()
        with server:
            yield client, server


def read(method: str, server: socket.socket, peer: str) -> bytes:
    """What an application reads that wants 100 bytes, or a line."""
    with server.makefile("rb") as stream:

        def application(environ: dict, start_response: object) -> list[bytes]:
            return [getattr(environ["wsgi.input"], method)(100)]

        watched = Watched(application, server.getsockname()[1], AFTER)
        (body,) = watched({"wsgi.input": stream, "REMOTE_ADDR": peer}, print)
        return body


@pytest.mark.timeout(20)
@pytest.mark.parametrize("method", ["read", "readline"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_a_body_that_stalls_ends_early(
    connection: tuple[socket.socket, socket.socket], method: str, peer: str
) -> None:
    client, server = connection
    client.sendall(b"half")
    assert read(method, server, peer) == b"half"
    assert client.recv(10) == b"", "the connection is closed"


def test_a_body_that_comes_slowly_is_left_alone(
    connection: tuple[socket.socket, socket.socket],
) -> None:
    client, server = connection

    def send() -> None:
        for _ in range(100):
            client.sendall(b"x")
            pause.wait(AFTER / 20)

    pause = threading.Event()
    sender = threading.Thread(target=send)
    sender.start()
    assert read("read", server, "127.0.0.1") == 100 * b"x"
    sender.join()


def test_connections_of_others_are_left_alone(
    connection: tuple[socket.socket, socket.socket],
) -> None:
    client, server = connection
    timer = threading.Timer(5 * AFTER, client.sendall, [100 * b"x"])
    timer.start()
    assert read("read", server, "192.0.2.1") == 100 * b"x"
    timer.join()


def open_sockets() -> set[str]:
    """The sockets of this process; files come and go with other tests' threads."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(entry.readlink()))
    return {name for name in found if name.startswith("socket:")}


def test_nothing_is_left_open(connection: tuple[socket.socket, socket.socket]) -> None:
    before = open_sockets()
    _, server = connection
    assert read("read", server, "127.0.0.1") == b""
    assert open_sockets() == before
