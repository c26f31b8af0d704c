"""`coapture coap` as a real process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.ports import free_port
from tests.services import databases
from tests.shared import ROOT


def command(data: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    """Start it; what it prints can be read from the pipes."""
    surroundings = {key: value for key, value in os.environ.items() if key != "ACCESS"}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "coap", *options],
        env=surroundings
        | {
            "DJANGO_SETTINGS_MODULE": "tests.coap_gateway.served",
            "COAPTURE_DATA": str(data),
            "DATABASE_URL": databases.url_for(data),
        }
        | environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(data: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that listens on 127.0.0.1, and its port; it is ended after the block."""
    port = free_port()
    with command(data, "--coap", f"127.0.0.1:{port}", **environment) as process:
        try:
            assert process.stdout is not None
            listening = process.stdout.readline()
            assert listening == f"CoAP listens on 127.0.0.1:{port} (UDP and TCP).\n", listening
            yield process, port
        finally:
            if process.poll() is None:
                process.kill()
