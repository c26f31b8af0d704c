"""Many images at once, in and out, through both doors with real programs."""

import base64
import io
import json
import tarfile
from pathlib import Path

import cbor2
import pytest

from tests.e2e.programs import run
from tests.e2e.server import Server
from tests.pictures import png

TIME = 1_795_248_000


def coap(*arguments: str | Path) -> bytes:
    """What coap-client prints; it may take 20 s."""
    return run("coap-client-notls", "-B", "20", *arguments)


def curl(*arguments: str | Path) -> bytes:
    """What curl prints."""
    return run("curl", "-sS", *arguments)


def href(device: str) -> str:
    return f"/collections/images/{device}/20261121T080000Z"


def test_a_senml_pack_over_coap_in_blocks(server: Server, tmp_path: Path) -> None:
    body = tmp_path / "pack.cbor"
    pack = [{-2: "pack-", -3: TIME, 0: "1", 8: png(1)}, {0: "2", 8: png(2)}, {0: "3", 2: 20.5}]
    body.write_bytes(cbor2.dumps(pack))
    url = f"{server.coap}/collections/images"
    results = cbor2.loads(coap("-m", "post", "-t", "112", "-b", "256", "-f", body, url))
    assert [item["status"] for item in results] == [201, 201, 400]
    assert coap("-o", "-", f"{server.coap}{href('pack-2')}") == png(2)


def test_a_refused_batch_over_coap_names_what_is_wrong(server: Server, tmp_path: Path) -> None:
    body = tmp_path / "seq"
    body.write_bytes(cbor2.dumps({1: "x", 2: TIME}) + cbor2.dumps({1: "y", 2: TIME, 3: b"no"}))
    log = coap("-v", "7", "-m", "post", "-t", "63", "-f", body, f"{server.coap}/collections/images")
    assert b"4.00" in log
    for pointer in (b"/0/imageData", b"/1/imageData"):
        assert pointer.hex().encode() in log


def test_many_in_json_over_http(server: Server, tmp_path: Path) -> None:
    body = tmp_path / "batch.json"
    image = base64.b64encode(png()).decode()
    batch = [{"deviceId": f"many-{n}", "timestamp": TIME, "imageData": image} for n in range(1000)]
    body.write_text(json.dumps(batch), encoding="utf-8")
    post = ["-H", "Content-Type: application/json", "--data-binary", f"@{body}"]
    results = json.loads(curl(*post, f"{server.http}/collections/images"))
    assert [item["status"] for item in results] == [201] * 1000
    assert results[999]["href"] == href("many-999")


@pytest.fixture
def stored(server: Server, tmp_path: Path) -> str:
    """Two images of one device; their list."""
    image = tmp_path / "listed.png"
    for seconds in (0, 1):
        image.write_bytes(png(seconds))
        url = f"{server.http}/collections/images?d=listed&t={TIME + seconds}"
        curl("-H", "Content-Type: image/png", "--data-binary", f"@{image}", url)
    return "/collections/images/listed"


def test_a_list_in_senml_over_coap(server: Server, stored: str) -> None:
    pack = cbor2.loads(coap("-A", "112", "-o", "-", f"{server.coap}{stored}?data=1"))
    assert [record[8] for record in pack] == [png(1), png(0)]
    assert pack[0][-2] == f"{server.coap}/collections/images/"


def test_a_tar_over_both_doors(server: Server, stored: str) -> None:
    by_http = curl(f"{server.http}{stored}?format=tar")
    with tarfile.open(fileobj=io.BytesIO(by_http)) as tar:
        assert [info.name for info in tar][::2] == [
            "listed/20261121T080001Z.png",
            "listed/20261121T080000Z.png",
        ]
    assert coap("-o", "-", f"{server.coap}{stored}?format=tar") == by_http


def test_csv_over_coap(server: Server, stored: str) -> None:
    lines = coap("-o", "-", f"{server.coap}{stored}?format=csv").decode().splitlines()
    assert lines[0].startswith("id,deviceId,timestamp,href")
    assert len(lines) == 3
