"""The bench measures what it says: smoke tests of the load generators and of their inputs."""

import base64
import hashlib
import io
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiocoap import Message
from PIL import Image

from bench import images, requests
from bench.load import LoadGenerators, Report, report_of
from bench.tables import Goal, codes, ratios, span, table
from tests.bench.sink import Sink, sink
from tests.e2e.programs import require

SECONDS = 0.3
JPEG = (20_000, 320, 240, 84)


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> LoadGenerators:
    require("cc")
    return LoadGenerators(tmp_path_factory.mktemp("load"))


def run(load: LoadGenerators, server: Sink, file: Path, *, count: int = 0) -> Report:
    process = load.start_http(
        server.server_port, file, SECONDS, status=201, connections=4, first=7, count=count
    )
    return report_of(process, SECONDS)


def test_http_load_counts_what_the_server_got(load: LoadGenerators, tmp_path: Path) -> None:
    file = requests.write(tmp_path / "posts", [requests.post_json(images.jpeg(*JPEG))])
    with sink() as server:
        report = run(load, server, file)
    assert report.done == len(server.bodies) > 4
    assert report.codes == {"201": report.done}
    assert (report.errors, report.connects, report.messages) == (0, 4, "")
    assert report.body_bytes == 4 * report.done
    assert 0 < report.p50_ms <= report.p99_ms <= report.max_ms
    assert report.per_second > 0


def test_every_post_is_another_image(load: LoadGenerators, tmp_path: Path) -> None:
    file = requests.write(tmp_path / "posts", [requests.post_json(images.jpeg(*JPEG))])
    with sink() as server:
        run(load, server, file, count=30)
    posts = [json.loads(body) for body in server.bodies]
    pictures = {base64.b64decode(post["imageData"], validate=True) for post in posts}
    assert {len(picture) for picture in pictures} == {20_000}
    assert len(pictures) == 30
    times = {f"2026-11-21T08:00:00.{number:06}Z" for number in range(7, 37)}
    assert {post["timestamp"] for post in posts} == times


def test_entries_are_sent_in_turn(load: LoadGenerators, tmp_path: Path) -> None:
    bodies = [f"{number}".encode() for number in range(3)]
    file = requests.write(tmp_path / "posts", (requests.post_raw(b, "image/png") for b in bodies))
    with sink() as server:
        report = run(load, server, file, count=6)
    assert sorted(server.bodies) == sorted(bodies * 2)
    assert report.done == 6


def test_a_server_that_closes_is_connected_again(load: LoadGenerators, tmp_path: Path) -> None:
    file = requests.write(tmp_path / "posts", [requests.post_raw(b"x", "image/png")])
    with sink(keep_alive=False) as server:
        report = run(load, server, file, count=12)
    assert (report.done, report.errors, report.connects) == (12, 0, 12)


def test_an_unexpected_status_is_an_error(load: LoadGenerators, tmp_path: Path) -> None:
    file = requests.write(tmp_path / "posts", [requests.post_raw(b"x", "image/png")])
    with sink(503) as server:
        report = run(load, server, file, count=5)
    assert (report.done, report.errors, report.codes) == (5, 5, {"503": 5})
    assert "HTTP/1.1 503" in report.messages


@pytest.fixture
def device() -> Iterator[tuple[int, list[bytes]]]:
    """A CoAP server of the barest kind: 2.31 to every block, 2.01 to the last; its messages."""
    messages: list[bytes] = []
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        stop = threading.Event()
        thread = threading.Thread(target=answer_blocks, args=(server, messages, stop))
        thread.start()
        yield server.getsockname()[1], messages
        stop.set()
        thread.join()


def answer_blocks(server: socket.socket, messages: list[bytes], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            message, peer = server.recvfrom(4096)
        except TimeoutError:
            continue
        messages.append(message)
        more = len(message) > 1024
        server.sendto(bytes((0x64, 0x5F if more else 0x41)) + message[2:8], peer)


def test_coap_load_sends_whole_images(
    load: LoadGenerators, tmp_path: Path, device: tuple[int, list[bytes]]
) -> None:
    port, messages = device
    (tmp_path / "image").write_bytes(images.jpeg(*JPEG))
    process = load.start_coap(port, tmp_path / "image", SECONDS, writers=1)
    report = report_of(process, SECONDS)
    blocks = [Message.decode(message).payload for message in messages[:20]]
    sent = b"".join(blocks)
    assert sent == images.jpeg(*JPEG).replace(images.MARK, b"000000")
    assert b"\xbbcollections\x06images" in messages[0]
    assert b"d=coap-0" in messages[0]
    assert b"t=2026-11-21T09:00:00.000000Z" in messages[0]
    assert report.done * 20 == len(messages)
    assert (report.errors, report.codes) == (0, {"201": report.done})
    assert 0 < report.last_p50_ms < report.p50_ms


def test_pngs_have_the_published_size_and_differ() -> None:
    pictures = [images.png(number) for number in range(50)]
    assert {len(picture) for picture in pictures} == {669}
    assert len({hashlib.sha256(picture).digest() for picture in pictures}) == 50
    with Image.open(io.BytesIO(pictures[42])) as picture:
        picture.load()
        assert (picture.format, picture.size, picture.info["Comment"][-3:]) == (
            "PNG",
            (20, 20),
            "042",
        )


def test_jpegs_decode() -> None:
    with Image.open(io.BytesIO(images.jpeg(*JPEG))) as picture:
        picture.load()
        assert (picture.format, picture.size) == ("JPEG", (320, 240))


def report(per_second: float, **codes: int) -> Report:
    return Report(1, 0, per_second, 1.0, 2.0, 3.0, codes)


def test_tables() -> None:
    ours, theirs = [report(60, ok=1), report(90, ok=2)], [report(10), report(10)]
    assert span(ratios(ours, theirs)) == "7.5x (6.0-9.0)"
    assert codes(ours) == "3 x ok"
    assert Goal(6, "x").judge(7.5) == ">= 6x: met"
    assert Goal(30, " ms", at_least=False).judge(31) == "<= 30 ms: MISSED"
    expected = "\n### T\n\n| a | b |\n| --- | --- |\n| x | 1,234 |"
    assert table("T", ("a", "b"), [("x", 1234.0)]) == expected
