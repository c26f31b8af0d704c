"""A rolling restart under load: no client fails in the end, nothing acknowledged is lost."""

import contextlib
import itertools
import secrets
import signal
import socket
from collections.abc import Iterator

import psutil
import pytest

from tests.coap_gateway import datagrams
from tests.coap_gateway.streams import StreamClient, frame
from tests.e2e.conftest import Launch, check_end
from tests.e2e.load import COLLECTION, FIRST_TIMESTAMP, CoapDoor, Door, Writer
from tests.e2e.ports import has_ipv6
from tests.e2e.server import Server, wait_until
from tests.e2e.test_kill import missing

RESTARTS = 2
PICTURES = 5
PATIENCE = 0.5
ATTEMPTS = 10


def options_of(device: str, timestamp: int) -> datagrams.Options:
    """The options of a POST of a PNG."""
    options = datagrams.path(*COLLECTION.strip("/").split("/"))
    options += datagrams.query(f"d={device}", f"t={timestamp}")
    return [*options, (datagrams.CONTENT_FORMAT, bytes([CoapDoor.PNG]))]


class BlockDoor:
    """Posts pictures over IPv6 in blocks of 32 bytes, and from the first again after a 4.08."""

    EXPONENT = 1
    SIZE = 32

    def __init__(self, server: Server) -> None:
        host, family = ("::1", socket.AF_INET6) if has_ipv6() else ("127.0.0.1", socket.AF_INET)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.connect((host, server.coap_port))
        self._socket.settimeout(PATIENCE)
        self._mids = itertools.count(secrets.randbelow(30000))

    def close(self) -> None:
        self._socket.close()

    def post(self, device: str, timestamp: int, picture: bytes) -> bool:
        options = options_of(device, timestamp)
        pieces = range(0, len(picture), self.SIZE)
        for number, start in enumerate(pieces):
            more = start != pieces[-1]
            block = datagrams.block(number, more, self.EXPONENT)
            piece = picture[start : start + self.SIZE]
            code = self._ask([*options, (datagrams.BLOCK1, block)], piece)
            if code != "2.31":
                return code in ("2.01", "2.04")
        raise AssertionError("2.31 to the last block")

    def _ask(self, options: datagrams.Options, payload: bytes) -> str:
        """The code of the response; the message is sent again until there is one."""
        mid, token = next(self._mids), secrets.token_bytes(4)
        message = datagrams.encode(0, datagrams.POST, mid, token, options, payload)
        for _ in range(ATTEMPTS):
            self._socket.send(message)
            with contextlib.suppress(TimeoutError):
                return self._answer_to(token)
        return "no answer"

    def _answer_to(self, token: bytes) -> str:
        while True:
            answer = datagrams.decode(self._socket.recv(2048))
            if answer.kind == datagrams.CON:
                self._socket.send(datagrams.encode(datagrams.ACK, "0.00", answer.mid, b""))
            if answer.token == token and answer.code != "0.00":
                return answer.code


class StreamDoor:
    """Posts over TCP, on a new connection when the former one was released."""

    def __init__(self, server: Server) -> None:
        self._port = server.coap_port
        self._client: StreamClient | None = None

    def close(self) -> None:
        if self._client is not None:
            self._client.__exit__()
            self._client = None

    def post(self, device: str, timestamp: int, picture: bytes) -> bool:
        token = secrets.token_bytes(4)
        message = frame(datagrams.POST, token, options_of(device, timestamp), picture)
        try:
            self._client = self._client or StreamClient(self._port)
            self._client.socket.sendall(message)
            while (answer := self._client.receive()).token != token:
                pass
        except (OSError, AssertionError):  # The latter says that the connection has ended.
            self.close()
            return False
        return answer.code in ("2.01", "2.04")


class Persistent:
    """A door that is tried again where it has not acknowledged."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def post(self, device: str, timestamp: int, picture: bytes) -> bool:
        return any(self._door.post(device, timestamp, picture) for _ in range(ATTEMPTS))

    def close(self) -> None:
        self._door.close()


@pytest.fixture
def doubled(launch: Launch) -> Server:
    """A server whose gateway is two processes."""
    return launch(options=("--processes", "2"))


@pytest.fixture
def writers(doubled: Server) -> Iterator[list[Writer]]:
    """Nine devices: three post whole pictures, three in blocks, three over TCP."""
    doors = (CoapDoor, BlockDoor, StreamDoor) * 3
    working = [
        Writer(f"{door.__name__}-{number}", Persistent(door(doubled)))
        for number, door in enumerate(doors)
    ]
    yield working
    for writer in working:
        writer.stop()


def wait_for_more(writers: list[Writer]) -> None:
    """Until each device has some more pictures acknowledged."""
    goals = {writer: len(writer.acknowledged) + PICTURES for writer in writers}
    wait_until(
        lambda: all(len(writer.acknowledged) >= goal for writer, goal in goals.items()),
        "every device goes on",
    )


def restart(server: Server) -> None:
    """A rolling restart, from its start to its end; the server is ready all the time."""
    master = server.part("coap")
    before = set(master.children())
    ready: list[bool] = []

    def is_done() -> bool:
        ready.append(server.is_ready())
        with contextlib.suppress(psutil.NoSuchProcess):
            return len(set(master.children()) - before) == 2
        return False

    master.send_signal(signal.SIGHUP)
    wait_until(is_done, "both processes are new")
    assert all(ready)


def test_nothing_acknowledged_is_lost_and_every_client_succeeds(
    doubled: Server, writers: list[Writer]
) -> None:
    for _ in range(RESTARTS):
        wait_for_more(writers)
        restart(doubled)
    wait_for_more(writers)
    for writer in writers:
        writer.stop()
        count = len(writer.acknowledged)
        assert list(writer.acknowledged) == list(range(FIRST_TIMESTAMP, FIRST_TIMESTAMP + count))
        assert missing(doubled, writer) == []
    check_end(doubled)
