"""An upload that is half finished when the server is killed goes on after the next start."""

import hashlib
import json
from pathlib import Path
from urllib.request import Request, urlopen

import cbor2
import pytest

from tests.coap_gateway.datagrams import (
    BLOCK1,
    CONTENT_FORMAT,
    GET,
    POST,
    REQUEST_TAG,
    Answer,
    Client,
    block,
    path,
    query,
    uint,
)
from tests.e2e.conftest import Launch, check_end
from tests.e2e.server import Server
from tests.pictures import jpeg

SIZE = 1024
PICTURE = jpeg(size=(320, 240))
DIGEST = hashlib.sha256(PICTURE).hexdigest()
BLOCKS = -(-len(PICTURE) // SIZE)
TIME = "2026-11-21T08:00:00Z"
IMAGE_JPEG = uint(22)
# A device's name for each way to go on.
DEVICES = {"coap": "cam-7", "http": "cam-8"}


def send(client: Client, device: str, number: int) -> Answer:
    """Send one block."""
    options = [
        *path("collections", "images"),
        *query(f"d={device}", f"t={TIME}", f"sha256={DIGEST}"),
        (CONTENT_FORMAT, IMAGE_JPEG),
        (BLOCK1, block(number, number < BLOCKS - 1, 6)),
        (REQUEST_TAG, b"%8b" % device.encode()),
    ]
    return client.ask(POST, options, PICTURE[number * SIZE : (number + 1) * SIZE])


def begun(server: Server, device: str) -> None:
    """Send the first half."""
    with Client(server.coap_port) as client:
        for number in range(BLOCKS // 2):
            assert send(client, device, number).code == "2.31"


def uploads(server: Server, device: str) -> list[dict[str, object]]:
    """What is unfinished of a device."""
    with urlopen(f"{server.http}/uploads?deviceId={device}", timeout=10) as answer:
        return json.load(answer)


def uploads_by_coap(server: Server, device: str) -> list[dict[str, object]]:
    """The same through the other door."""
    with Client(server.coap_port) as client:
        answer = client.ask(GET, [*path("uploads"), *query(f"deviceId={device}")])
    return cbor2.loads(answer.payload)


def finish_by_coap(server: Server, device: str) -> int:
    """Send what is missing, from a new port; how many blocks that took."""
    with Client(server.coap_port) as client:
        state = cbor2.loads(send(client, device, BLOCKS - 1).payload)
        for number in range(state["next"], BLOCKS):
            answer = send(client, device, number)
    assert answer.code == "2.01"
    return 1 + BLOCKS - state["next"]


def finish_by_http(server: Server, device: str) -> None:
    """Send what is missing as one part."""
    (upload,) = uploads(server, device)
    received = upload["received"]
    fields = {
        "Content-Type": "application/partial-upload",
        "Upload-Offset": str(received),
        "Upload-Complete": "?1",
    }
    url = f"{server.http}/uploads/{upload['id']}?sha256={DIGEST}"
    with urlopen(Request(url, PICTURE[received:], fields, method="PATCH"), timeout=10) as answer:
        assert answer.status == 201


def stored(server: Server, device: str) -> bytes:
    """The picture as it comes back."""
    url = f"{server.http}/collections/images?deviceId={device}&timestamp={TIME}"
    with urlopen(url, timeout=10) as answer:
        return answer.read()


@pytest.mark.timeout(180)
def test_half_an_upload_survives_a_kill(launch: Launch, tmp_path: Path) -> None:
    killed = launch()
    for device in DEVICES.values():
        begun(killed, device)
    killed.kill()
    server = launch()
    for device in DEVICES.values():
        (upload,) = uploads(server, device)
        assert upload["received"] == BLOCKS // 2 * SIZE
        assert uploads_by_coap(server, device) == [upload]
    assert finish_by_coap(server, DEVICES["coap"]) <= BLOCKS - BLOCKS // 2 + 1
    finish_by_http(server, DEVICES["http"])
    for device in DEVICES.values():
        assert stored(server, device) == PICTURE
        assert uploads(server, device) == []
    assert list((tmp_path / "data/spool").iterdir()) == []
    check_end(server)
