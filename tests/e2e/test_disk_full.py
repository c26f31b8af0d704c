"""A full disk: nothing partial, a clear answer, and all is well when there is room again."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.e2e.conftest import Launch
from tests.e2e.server import Server
from tests.pictures import png

SIZE = "4m"
# So many pictures of 150 KB are more than it holds.
PICTURES = 40


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB; only root may make one."""
    folder = tmp_path / "data"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no file system of its own: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def ask(server: Server, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """The status and the body of the answer."""
    connection = HTTPConnection("127.0.0.1", server.http_port, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "image/png"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.only_sqlite("the database lies on the small disk, too")
@pytest.mark.parametrize("storage", ["database", "files"])
def test_the_disk_fills_and_is_emptied(launch: Launch, small_disk: Path, storage: str) -> None:
    server = launch(environment={"COAPTURE_STORAGE": storage, "COAPTURE_DELETE_GRACE": "0"})
    pictures = {
        f"/collections/images/camera/20260101T0000{number:02}Z": png(number, (250, 200))
        for number in range(PICTURES)
    }
    answers = {path: ask(server, "PUT", path, data)[0] for path, data in pictures.items()}
    assert set(answers.values()) <= {201, 503, 507}
    assert 507 in answers.values()
    stored = [path for path, status in answers.items() if status == 201]
    assert stored
    check(server, pictures, stored)

    # Room, as an operator makes it.
    ballast = os.statvfs(small_disk)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert os.statvfs(small_disk).f_blocks > ballast.f_blocks
    answers = {path: ask(server, "PUT", path, data)[0] for path, data in pictures.items()}
    assert set(answers.values()) <= {200, 201}
    check(server, pictures, list(pictures))


def check(server: Server, pictures: dict[str, bytes], stored: list[str]) -> None:
    """What was acknowledged is there, and nothing else."""
    for path, data in pictures.items():
        status, body = ask(server, "GET", path)
        if path in stored:
            assert (status, hashlib.sha256(body).digest()) == (200, hashlib.sha256(data).digest())
        else:
            assert (status, json.loads(body)["status"]) == (404, 404)
