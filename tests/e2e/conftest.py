"""Servers for the tests: one that they share, or one of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server

Launch = Callable[..., Server]


def check_end(server: Server) -> None:
    """It stops when it is asked to, and nothing has gone wrong meanwhile."""
    assert server.stop() == 0, server.stderr
    assert "Traceback" not in server.stderr


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is ready, shared by all tests that do it no harm."""
    shared = Server(tmp_path_factory.mktemp("e2e") / "data")
    shared.start()
    try:
        shared.await_ready()
        yield shared
        check_end(shared)
    finally:
        shared.kill()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts servers of this test alone: `launch(command, options=..., environment=...)`.

    They share one data folder, are ready when the call returns unless `ready=False`, and are
    killed in the end where the test has not stopped them.
    """
    started: list[Server] = []

    def start(command: str = "serve", *, ready: bool = True, **how: object) -> Server:
        one = Server(tmp_path / "data", command, **how)
        started.append(one)
        one.start()
        if ready:
            one.await_ready()
        return one

    yield start
    for one in started:
        one.kill()
