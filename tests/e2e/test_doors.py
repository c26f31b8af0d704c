"""Pictures in through one door and out through the other, with real programs."""

import hashlib
import json
import re
import subprocess
from pathlib import Path

import cbor2
import pytest

from tests.e2e.ports import has_ipv6
from tests.e2e.programs import require, run
from tests.e2e.server import Server, wait_until
from tests.pictures import jpeg, png

LINK = b'</collections/images>;rt="simple.act";if="core.b"'


def coap(*arguments: str | Path) -> bytes:
    """What coap-client prints; it may take 20 s."""
    return run("coap-client-notls", "-B", "20", *arguments)


def curl(*arguments: str | Path) -> bytes:
    """What curl prints."""
    return run("curl", "-sS", *arguments)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A JPEG of several blocks, in a file named cam.jpg."""
    file = tmp_path / "cam.jpg"
    file.write_bytes(jpeg(size=(96, 64)))
    assert file.stat().st_size > 2048
    return file


def test_a_raw_jpeg_over_coap(server: Server, picture: Path) -> None:
    url = f"{server.coap}/collections/images?d=cam-7&t=2026-11-21T08:00:00Z"
    posted = cbor2.loads(coap("-m", "post", "-t", "22", "-b", "64", "-f", picture, url))
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    href = "/collections/images/cam-7/20261121T080000Z"
    assert (posted["href"], posted["sha256"]) == (href, digest)
    by_http = curl(
        f"{server.http}/collections/images?deviceId=cam-7&timestamp=2026-11-21T08:00:00Z"
    )
    by_coap = coap("-o", "-", f"{server.coap}{href}")
    assert [hashlib.sha256(data).hexdigest() for data in (by_http, by_coap)] == [digest, digest]


def test_binary_cbor_over_http(server: Server, tmp_path: Path) -> None:
    body = tmp_path / "body.cbor"
    image = png(seed=1)
    body.write_bytes(cbor2.dumps({1: "cam-8", 2: cbor2.CBORTag(1, 1795248000), 3: image}))
    answer = json.loads(
        curl(
            *("-H", "Content-Type: application/cbor", "--data-binary", f"@{body}"),
            f"{server.http}/collections/images",
        )
    )
    href = "/collections/images/cam-8/20261121T080000Z"
    assert (answer["href"], answer["sha256"]) == (href, hashlib.sha256(image).hexdigest())
    assert coap("-o", "-", f"{server.coap}{href}") == image


def test_discovery(server: Server) -> None:
    assert coap(f"{server.coap}/.well-known/core").startswith(LINK)
    assert coap(f"{server.coap}/.well-known/core?rt=simple.*").startswith(LINK)
    by_coap = coap("-o", "-", f"{server.coap}/collections")
    assert by_coap == curl(f"{server.http}/collections")


def test_discovery_on_ipv6(server: Server) -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")
    assert coap(f"{server.coap6}/.well-known/core").startswith(LINK)


def test_over_tcp(server: Server) -> None:
    assert run("aiocoap-client", f"{server.coap_tcp}/.well-known/core").startswith(LINK)
    assert coap(f"{server.coap_tcp}/.well-known/core").startswith(LINK)


def test_etags(server: Server, tmp_path: Path) -> None:
    image = tmp_path / "picture.png"
    image.write_bytes(png(seed=2))
    url = f"{server.http}/collections/images/cam-9/20261121T080000Z"
    put = ["-T", image, "-H", "Content-Type: image/png"]
    assert curl(*put, "-o", tmp_path / "answer", "-w", "%{http_code}", url) == b"201"
    headers = curl("-D", "-", "-o", tmp_path / "got", url).decode()
    found = re.search(r'(?i)^etag: "([0-9a-f]{16})"\r$', headers, re.MULTILINE)
    assert found is not None
    status = ["-o", tmp_path / "got", "-w", "%{http_code}"]
    assert curl(*status, "-H", f'If-None-Match: "{found[1]}"', url) == b"304"
    path = "/collections/images/cam-9/20261121T080000Z"
    log = coap("-v", "7", "-O", f"4,0x{found[1]}", f"{server.coap}{path}")
    assert re.findall(rb"c:([2-5]\.\d\d)", log) == [b"2.03"]


def test_an_observer_sees_a_picture_that_came_over_http(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "observer"
    url = f"{server.coap}/collections/images"
    with log.open("wb") as output:
        observer = subprocess.Popen(
            [require("coap-client-notls"), "-v", "7", "-s", "30", url], stdout=output
        )
    try:
        wait_until(lambda: b"relationship established" in log.read_bytes(), "it observes")
        image = tmp_path / "new.png"
        image.write_bytes(png(seed=3))
        url = f"{server.http}/collections/images?deviceId=cam-10&timestamp=0"
        curl("-H", "Content-Type: image/png", "--data-binary", f"@{image}", url)
        wait_until(lambda: b"cam-10/" in log.read_bytes(), "the notification comes")
    finally:
        observer.terminate()
        observer.wait()


@pytest.mark.parametrize("program", ["curl", "coap-client-notls"])
def test_the_printed_commands_work(server: Server, picture: Path, program: str) -> None:
    require(program)
    wait_until(lambda: server.stdout.count("Post  ") == 2, "the lines are printed")
    line = next(line for line in server.stdout.splitlines() if line.startswith(f"Post  {program}"))
    done = subprocess.run(
        ["/bin/sh", "-c", line.removeprefix("Post  ")],
        cwd=picture.parent,
        capture_output=True,
        timeout=30,
        check=True,
    )
    read = json.loads if program == "curl" else cbor2.loads
    assert read(done.stdout)["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
