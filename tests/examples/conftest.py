"""The example clients, and the server that they send to."""

import shutil

import pytest

from tests.e2e.conftest import server
from tests.e2e.programs import require
from tests.examples import clients
from tests.examples.clients import Command

__all__ = ["server"]

NAMES = ["plain", "aiocoap", "libcoap"] + ["micropython"] * bool(shutil.which("micropython"))
NEEDED_BY_LIBCOAP = ("cc", "make", "pkg-config")


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The client of examples/c-libcoap, compiled."""
    for program in NEEDED_BY_LIBCOAP:
        require(program)
    return clients.libcoap(tmp_path_factory.mktemp("camera"))


@pytest.fixture(params=NAMES)
def client(request: pytest.FixtureRequest) -> Command:
    """Each example client; the plain one also under MicroPython where that is installed."""
    if request.param == "libcoap":
        return request.getfixturevalue("camera")
    return getattr(clients, request.param)
