"""The CoAP load that keeps several requests under way, and what it is given to send."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiocoap import Message
from aiocoap.numbers import codes

from bench import coap_requests, coap_servers, images, requests
from bench.load import IN_FLIGHT, SOCKETS, LoadGenerators, Report, report_of
from bench.plan import Plan
from tests.e2e.programs import require

SECONDS = 0.2
JPEG = (1_000, 16, 16, 50)
Answer = Callable[[bytes], list[bytes]]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> LoadGenerators:
    require("cc")
    return LoadGenerators(tmp_path_factory.mktemp("load"))


class Device:
    """A CoAP server of the barest kind: its messages, and who sent each."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.messages: list[bytes] = []
        self.peers: list[object] = []
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.port = self.socket.getsockname()[1]
        self._ending = threading.Event()

    def serve(self) -> None:
        while not self._ending.is_set():
            try:
                message, peer = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            self.messages.append(message)
            self.peers.append(peer)
            for answer in self.answer(message):
                self.socket.sendto(answer, peer)

    def end(self) -> None:
        self._ending.set()


@contextmanager
def device(answer: Answer) -> Iterator[Device]:
    found = Device(answer)
    thread = threading.Thread(target=found.serve)
    thread.start()
    try:
        yield found
    finally:
        found.end()
        thread.join()
        found.socket.close()


def content(message: bytes) -> list[bytes]:
    """2.05 with an option (Content-Format 40) and three bytes, in the acknowledgement."""
    return [b"\x64\x45" + message[2:8] + b"\xc1\x28\xffabc"]


class Separate:
    """An empty acknowledgement, then the answer as a message of its own."""

    def __init__(self) -> None:
        self.acknowledged = threading.Semaphore(0)

    def __call__(self, message: bytes) -> list[bytes]:
        if message == b"\x60\x00\x12\x34":
            self.acknowledged.release()
            return []
        return [b"\x60\x00" + message[2:4], b"\x44\x45\x12\x34" + message[4:8] + b"\xffabc"]


def run(
    load: LoadGenerators, server: Device, folder: Path, sent: list[bytes], **options: int
) -> Report:
    file = requests.write(folder / "requests", sent)
    return report_of(load.start_pipeline(server.port, file, SECONDS, **options), SECONDS)


def test_the_load_counts_what_the_server_got(load: LoadGenerators, tmp_path: Path) -> None:
    with device(content) as server:
        report = run(load, server, tmp_path, [coap_requests.get_collections()], code=205)
    assert report.done == len(server.messages) > SOCKETS * IN_FLIGHT
    assert (report.codes, report.errors, report.repeats) == ({"205": report.done}, 0, 0)
    assert report.body_bytes == 3 * report.done
    assert 0 < report.p50_ms <= report.p99_ms <= report.max_ms
    assert len(set(server.peers)) == SOCKETS
    assert Message.decode(server.messages[0]).opt.uri_path == ("collections",)


def test_no_message_id_and_no_token_of_a_socket_comes_twice(
    load: LoadGenerators, tmp_path: Path
) -> None:
    with device(content) as server:
        run(load, server, tmp_path, [coap_requests.get_collections()], code=205)
    heads = list(zip(server.peers, server.messages, strict=True))
    assert len({(peer, message[2:4]) for peer, message in heads}) == len(heads)
    assert len({(peer, message[4:8]) for peer, message in heads}) == len(heads)


def test_an_answer_of_its_own_is_acknowledged(load: LoadGenerators, tmp_path: Path) -> None:
    separate = Separate()
    with device(separate) as server:
        sent = [coap_requests.get_collections()]
        report = run(load, server, tmp_path, sent, code=205, count=10)
        assert all(separate.acknowledged.acquire(timeout=10) for _ in range(10))
    assert (report.done, report.errors, report.repeats) == (10, 0, 0)


def test_another_code_is_an_error(load: LoadGenerators, tmp_path: Path) -> None:
    with device(content) as server:
        report = run(load, server, tmp_path, [coap_requests.get_metadata(0)], code=203, count=5)
    assert (report.done, report.errors, report.codes) == (5, 5, {"205": 5})
    assert "answered 205" in report.messages


def test_every_post_is_another_image(load: LoadGenerators, tmp_path: Path) -> None:
    sent = [coap_requests.post_image(images.jpeg(*JPEG))]
    with device(content) as server:
        run(load, server, tmp_path, sent, code=205, first=7, count=20)
    posts = [Message.decode(message) for message in server.messages]
    assert {(post.code, len(post.payload)) for post in posts} == {(codes.POST, 1_000)}
    assert len({post.payload for post in posts}) == 20
    times = {f"t=2026-11-21T08:00:00.{number:06}Z" for number in range(7, 27)}
    assert {post.opt.uri_query[1] for post in posts} == times


def test_metadata_is_asked_for_by_the_path_of_the_image() -> None:
    request = b"\x40" + coap_requests.get_metadata(42)[:1] + b"\0\0"
    message = Message.decode(request + coap_requests.get_metadata(42)[1:])
    path = ("collections", "images", "bench-1", "20261121T080000.000042Z")
    assert (message.opt.uri_path, message.opt.accept) == (path, 60)


def test_a_ping_finds_who_answers() -> None:
    with device(lambda ping: [b"\x70\0" + ping[2:4]]) as server:
        assert coap_servers.answers(server.port)
    assert not coap_servers.answers(server.port)


def test_stock_aiocoap_serves_the_document_and_takes_blocks(
    load: LoadGenerators, tmp_path: Path
) -> None:
    document = tmp_path / "document"
    document.write_bytes(b"</collections>;rt=x")
    file = requests.write(tmp_path / "get", [coap_requests.get_collections()])
    with coap_servers.stock(Plan(load, tmp_path), document) as peer:
        got = report_of(load.start_pipeline(peer.port, file, 5.0, code=205, count=3), 5.0)
        upload = load.start_coap(peer.port, document, SECONDS, writers=1, to=peer.uploads)
        sent = report_of(upload, SECONDS)
    assert (got.done, got.errors, got.body_bytes) == (3, 0, 3 * document.stat().st_size)
    assert (sent.errors, sent.codes) == (0, {"204": sent.done})
