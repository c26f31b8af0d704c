"""S3 servers of the tests' own, from what is installed: rclone over a folder, moto in memory."""

import os
import secrets
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import rmtree

import pytest

from core_api.serving.processes import end_with_parent
from tests.e2e.ports import free_port
from tests.e2e.programs import require
from tests.e2e.server import wait_until

READY_WITHIN = 30.0
STOP_WITHIN = 10.0


class _Program:
    """A server that listens on a port of its own; what it keeps outlives `kill` where it can."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="coapture-s3-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.credentials: Mapping[str, str] = {
            "AWS_ACCESS_KEY_ID": secrets.token_hex(8),
            "AWS_SECRET_ACCESS_KEY": secrets.token_hex(16),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> str:
        """Make an empty bucket; gives its name."""
        name = f"bucket-{secrets.token_hex(4)}"
        # Runs without S3 do not pay for this.
        from core_api.storage.s3 import S3Storage

        storage = S3Storage(name, self.url)
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in self.credentials.items():
                patch.setenv(variable, value)
            storage.client.create_bucket(Bucket=name)
        storage.client.close()
        return name

    def _arguments(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                self._arguments(),
                cwd=self.folder,
                env=os.environ | {"HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=partial(end_with_parent, os.getpid(), signal.SIGKILL),
            )
        wait_until(self._is_ready, "S3 answers", READY_WITHIN)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "output").read_text(errors="replace")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_WITHIN)
            self._process = None

    def close(self) -> None:
        """End it and remove its files."""
        self.kill()
        rmtree(self.folder)


class Rclone(_Program):
    """`rclone serve s3`: a bucket is a folder, an object a file; it outlives `kill`."""

    def _arguments(self) -> list[str]:
        (self.folder / "buckets").mkdir(exist_ok=True)
        return [
            *(require("rclone"), "serve", "s3", str(self.folder / "buckets")),
            f"--auth-key={','.join(self.credentials.values())}",
            f"--addr=127.0.0.1:{self.port}",
            f"--config={os.devnull}",
        ]


class Moto(_Program):
    """moto's server: in memory, closer to Amazon's in what it checks and answers."""

    def _arguments(self) -> list[str]:
        return [require("moto_server"), "--host=127.0.0.1", f"--port={self.port}"]


@pytest.fixture(scope="session")
def rclone() -> Iterator[Rclone]:
    """An rclone that runs, for all tests; one that kills it starts it again."""
    yield from _running(Rclone())


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """A moto that runs, for all tests."""
    yield from _running(Moto())


def _running(server: Rclone | Moto) -> Iterator[Rclone | Moto]:
    try:
        server.start()
        yield server
    finally:
        server.close()
