"""A real `coapture serve` (or one part of it) on free ports, with a data folder of its own."""

import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from tests.e2e.ports import free_port, has_ipv6
from tests.services import databases
from tests.shared import ROOT

# Generous: a hang shows, a busy machine does not.
READY_WITHIN = 60.0
STOP_WITHIN = 6.0


def wait_until(reached: Callable[[], object], what: str, within: float = 20.0) -> None:
    """Ask again and again until it is so; AssertionError when it takes too long."""
    deadline = time.monotonic() + within
    while not reached():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that only waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Server:
    """One run of the server; the data folder outlives it, a second run may use it again."""

    def __init__(
        self,
        data: Path,
        command: str = "serve",
        *,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.http_port, self.coap_port = free_port(), free_port()
        self.http = f"http://127.0.0.1:{self.http_port}"
        self.coap = f"coap://127.0.0.1:{self.coap_port}"
        self.coap6 = f"coap://[::1]:{self.coap_port}"
        self.coap_tcp = f"coap+tcp://127.0.0.1:{self.coap_port}"
        self._arguments = [sys.executable, str(ROOT / "manage.py"), command, *options]
        self._environment = os.environ | self._addresses() | dict(environment or {})
        self._log = data.parent / f"{data.name}-{self.http_port}"
        self.process: subprocess.Popen[bytes] | None = None

    def _addresses(self) -> dict[str, str]:
        coap = [f"127.0.0.1:{self.coap_port}"]
        if has_ipv6():
            coap.append(f"[::1]:{self.coap_port}")
        return {
            "COAPTURE_HTTP": f"127.0.0.1:{self.http_port}",
            "COAPTURE_COAP": ",".join(coap),
            "COAPTURE_DATA": str(self.data),
            "DATABASE_URL": databases.url_for(self.data),
            # What comes back is what was sent, whatever the worker makes of it meanwhile.
            "COAPTURE_FIDELITY": "bytes",
            # One for each database, where the engine is Celery.
            "COAPTURE_BROKER_QUEUE": f"coapture-{zlib.crc32(bytes(self.data)):08x}",
        }

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return self._log.with_suffix(".out").read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        """What it has logged so far."""
        return self._log.with_suffix(".err").read_text(encoding="utf-8")

    def start(self) -> None:
        """Start it; returns at once."""
        with (
            self._log.with_suffix(".out").open("wb") as out,
            self._log.with_suffix(".err").open("wb") as err,
        ):
            self.process = subprocess.Popen(
                self._arguments, env=self._environment, cwd=ROOT, stdout=out, stderr=err
            )

    def await_ready(self) -> None:
        """Wait until everything answers."""
        wait_until(lambda: self._ended() or self.is_ready(), "/readyz answers 200", READY_WITHIN)
        assert not self._ended(), self.stderr

    def is_ready(self) -> bool:
        """Whether /readyz answers 200."""
        try:
            with urlopen(f"{self.http}/readyz", timeout=5):
                return True
        except (URLError, OSError):
            return False

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def part(self, name: str) -> psutil.Process:
        """The process of "web", "coap" or "worker"; LookupError while there is none."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            # One that has just ended has no command line.
            if is_alive(child) and child.cmdline()[-1:] == [name]:
                return child
        raise LookupError(name)

    def processes(self) -> list[psutil.Process]:
        """Every process of this run, the supervisor first."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; the exit status. AssertionError when it does not end in time."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there {STOP_WITHIN:g} s after {number.name}") from None

    def kill(self) -> None:
        """End every process of this run, now."""
        if self.process is None or self.process.poll() is not None:
            return
        for process in self.processes():
            # The supervisor's end may have taken it along.
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
