"""What clients get wrong, sent by a real client: one clear answer, and the server goes on."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.programs import require, run
from tests.e2e.server import Server
from tests.pictures import jpeg

MIB = 2**20


def post(server: Server, body: Path, *options: str, query: str = "d=bad&t=0") -> tuple[int, object]:
    """The status and the body of curl's POST of a file as image/jpeg."""
    output = run(
        *("curl", "-sS", "-w", "\n%{http_code}", "-H", "Content-Type: image/jpeg", *options),
        *("--data-binary", f"@{body}", f"{server.http}/collections/images?{query}"),
    )
    text, _, status = output.decode().rpartition("\n")
    return int(status), json.loads(text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "body"


def test_a_chunked_body_is_read_whole(server: Server, file: Path) -> None:
    file.write_bytes(jpeg(seed=77, size=(200, 150)))
    status, facts = post(server, file, "-H", "Transfer-Encoding: chunked", query="d=chunked&t=0")
    assert (status, facts["size"]) == (201, file.stat().st_size)


@pytest.mark.parametrize("options", [(), ("-H", "Transfer-Encoding: chunked")])
def test_a_body_that_is_too_large(server: Server, file: Path, options: tuple[str, ...]) -> None:
    file.write_bytes(bytes(40 * MIB))
    status, problem = post(server, file, *options)
    assert (status, problem["title"]) == (413, "Content Too Large")


def test_a_truncated_picture(server: Server, file: Path) -> None:
    file.write_bytes(jpeg(seed=78)[:-100])
    status, problem = post(server, file)
    assert status == 422
    assert f"ends at byte {file.stat().st_size}" in problem["detail"]


def test_bytes_that_are_no_picture(server: Server, file: Path) -> None:
    file.write_bytes(b"hello")
    assert post(server, file)[0] == 422
    done = subprocess.run(
        [
            *(require("coap-client-notls"), "-B", "20", "-m", "post", "-t", "22", "-f", file),
            f"{server.coap}/collections/images?d=bad&t=0",
        ],
        capture_output=True,
        timeout=60,
    )
    assert done.stderr.startswith(b"4.22")


def test_paths_that_lead_nowhere(server: Server) -> None:
    for path in ("/collections/images/..%2f..%2fetc%2fpasswd", "/../../etc/passwd", "/%00", "/%ff"):
        status = run(
            *("curl", "-sS", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}"),
            f"{server.http}{path}",
        )
        assert status in (b"400", b"404"), path
