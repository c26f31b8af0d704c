"""20,000 uploads that nobody finishes, and one that somebody does."""

import threading
from pathlib import Path

import psutil
import pytest

from tests.coap_gateway.datagrams import (
    BLOCK1,
    CON,
    POST,
    REQUEST_TAG,
    Client,
    block,
    encode,
    path,
    uint,
)
from tests.coap_gateway.programs import serving
from tests.coap_gateway.site import big

HALF_OPEN = 20_000
PEERS = 1250
SIZE = 1024
MIB = 2**20


def first_block(tag: int) -> bytes:
    """The first of two blocks; the tag makes it an upload of its own."""
    options = [*path("keep"), (BLOCK1, block(0, True, 6)), (REQUEST_TAG, uint(tag))]
    return encode(CON, POST, tag % 65536, b"t", options, big(SIZE))


def flood(port: int, answers: list[int]) -> None:
    """Begin all the uploads, from many ports; count the answers 2.31."""
    for number in range(PEERS):
        with Client(port) as client:
            for tag in range(number, HALF_OPEN, PEERS):
                client.socket.send(first_block(tag))
                answers.append(client.socket.recv(2048)[1])


def upload(client: Client, body: bytes) -> bytes:
    """Post a body in blocks; the answer to the last one."""
    for start in range(0, len(body), SIZE):
        more = start + SIZE < len(body)
        options = [*path("keep"), (BLOCK1, block(start // SIZE, more, 6))]
        answer = client.ask(POST, options, body[start : start + SIZE])
        assert answer.code == ("2.31" if more else "2.01")
    return answer.payload


@pytest.mark.timeout(180)
def test_half_open_uploads(tmp_path: Path) -> None:
    # One peer to the end: a new one might get a port that was the attacker's a moment ago, and its
    # messages would be taken for repeated ones (RFC 7252 section 4.4 has message ids for 247 s).
    with serving(tmp_path) as (process, port), Client(port) as peer:
        assert upload(peer, big(2000)) == b"2000"
        gateway = psutil.Process(process.pid)
        before = gateway.memory_info().rss
        answers: list[int] = []
        attacker = threading.Thread(target=flood, args=(port, answers))
        attacker.start()
        uploads = 0
        while attacker.is_alive():
            assert upload(peer, big(64 * SIZE)) == b"65536"
            uploads += 1
        assert uploads > 0
        assert answers == [0x5F] * HALF_OPEN
        assert (gateway.memory_info().rss - before) / MIB < 64
