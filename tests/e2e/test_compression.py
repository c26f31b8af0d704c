"""Pictures that were stored in less space, through both doors of a real server."""

import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

from tests.collections_app.images.compression.pictures import JPEG, pixels, slope
from tests.e2e.conftest import Launch
from tests.e2e.server import Server

PIXELS = {"COAPTURE_FIDELITY": "pixels"}
PLACE = "/collections/images?d=cam-7&t=2026-11-21T08:00:00Z"


@pytest.fixture
def server(launch: Launch) -> Server:
    return launch(environment=PIXELS)


def post(server: Server, data: bytes) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    with urlopen(Request(f"{server.http}{PLACE}", data, headers), timeout=10) as response:
        assert response.status == 201


def compress(launch: Launch) -> str:
    """Run `coapture compress` on the server's data; what it says."""
    command = launch("compress", ready=False, environment=PIXELS)
    assert command.process is not None
    assert command.process.wait(60) == 0, command.stderr
    return command.stdout


def by_blocks(url: str) -> bytes:
    """What a CoAP client gets, block by block."""
    # libcoap's does not go on where the first block, which is restored then, comes separately.
    command = (sys.executable, "-m", "aiocoap.cli.client", "-q", url)
    return subprocess.run(command, check=True, timeout=60, stdout=subprocess.PIPE).stdout


@pytest.mark.parametrize("data", [JPEG, slope(1, (640, 480))], ids=["jpeg", "png"])
def test_they_come_back_in_one_piece_and_in_blocks(
    server: Server, launch: Launch, data: bytes
) -> None:
    post(server, data)
    said = dict(line.split(maxsplit=1) for line in compress(launch).splitlines())
    # The worker may have been faster; either way the server did not write it.
    assert (said["waiting"], said["encoded"]) == ("0", "1")
    with urlopen(f"{server.http}{PLACE}", timeout=10) as response:
        whole = response.read()
    assert by_blocks(f"{server.coap}/collections/images/cam-7/20261121T080000Z") == whole
    assert pixels(whole) == pixels(data)
    assert len(whole) > 1024
