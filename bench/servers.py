"""Starting and stopping our server and the peer, each on free ports, in a folder of its own."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.load import BenchError

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN = 60.0
STOP_WITHIN = 15.0
OUR_VARIABLES = ("COAPTURE_", "DATABASE_URL", "ACCESS", "DJANGO_SETTINGS_MODULE", "ALLOWED_HOSTS")


@dataclass(frozen=True)
class Server:
    """A running server: its ports on 127.0.0.1 (CoAP 0: none), its data."""

    http: int
    data: Path
    coap: int = 0


@contextmanager
def ours(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`serve` with the default settings but those given: durable writes, two web workers."""
    server = Server(free_port(), folder, free_port())
    addresses = ["--http", f"127.0.0.1:{server.http}", "--coap", f"127.0.0.1:{server.coap}"]
    command = [sys.executable, "manage.py", "serve", *addresses, "--data", str(folder)]
    ready = partial(_answers, f"http://127.0.0.1:{server.http}/readyz", 200)
    with running(command, folder, ready, settings):
        yield server


@contextmanager
def peer(folder: Path) -> Iterator[Server]:
    """The server of bench/peer under gunicorn with two workers."""
    server = Server(free_port(), folder)
    django = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
    gunicorn = [sys.executable, "-m", "gunicorn", "--workers", "2", "--log-level", "warning"]
    gunicorn += ["--bind", f"127.0.0.1:{server.http}", "bench.peer.wsgi"]
    folder.mkdir(parents=True)
    own = environment(folder) | {"DJANGO_SETTINGS_MODULE": "bench.peer.settings"}
    made = subprocess.run(django, cwd=ROOT, env=own, capture_output=True, text=True)
    if made.returncode:
        raise BenchError(f"The peer's database could not be made: {made.stderr}")
    url = f"http://127.0.0.1:{server.http}/collections/images"
    with running(gunicorn, folder, partial(_answers, url, 400)):
        yield server


@contextmanager
def running(
    command: list[str],
    folder: Path,
    ready: Callable[[], bool],
    settings: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """A server process until the block ends; BenchError with its log where it does not start.

    `ready` says whether it answers; `settings` are environment variables of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "bench.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(folder) | dict(settings or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, ready, log)
        yield
        if process.poll() is not None:
            raise BenchError(f"{command[1:4]} ended early:\n{_tail(log)}")
    finally:
        _stop(process)


def environment(folder: Path) -> dict[str, str]:
    """The environment without what configures ours, and the folder of a peer's data."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(OUR_VARIABLES)}
    return own | {"PEER_DATA": str(folder)}


def _wait_until_ready(
    process: "subprocess.Popen[bytes]", ready: Callable[[], bool], log: Path
) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if ready():
            return
        time.sleep(0.3)
    raise BenchError(f"{' '.join(process.args[:4])} did not answer:\n{_tail(log)}")


def _answers(url: str, status: int) -> bool:
    """Whether a GET is answered with this status."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == status)
    except urllib.error.HTTPError as error:
        return error.code == status
    except OSError:
        return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server in order; whatever is left of its session afterwards, at once."""
    process.terminate()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def free_port() -> int:
    """A port that is free for TCP and UDP on 127.0.0.1, below those that clients get."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
