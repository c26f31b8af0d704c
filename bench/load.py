"""The load generators: compiled when the bench starts, run as processes, their reports read."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).resolve().parent
WAITING = 60.0


class BenchError(Exception):
    """The bench cannot go on; the message says why."""


@dataclass(frozen=True)
class Report:
    """What a load generator saw; times in milliseconds."""

    done: int
    errors: int
    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    codes: dict[str, int]
    connects: int = 0
    body_bytes: float = 0
    repeats: int = 0
    last_p50_ms: float = 0
    last_p99_ms: float = 0
    last_max_ms: float = 0
    messages: str = ""


@dataclass(frozen=True)
class Target:
    """Where a CoAP upload goes, by which method (its number), and the code that it is to get."""

    path: str
    method: int
    code: int


IMAGES = Target("/collections/images", 2, 201)
SOCKETS = 32
IN_FLIGHT = 2


class LoadGenerators:
    """The programs, compiled into a folder; BenchError without a C compiler."""

    def __init__(self, folder: Path) -> None:
        self.http = _compile("http_load.c", folder)
        self.coap = _compile("coap_load.c", folder)
        self.pipeline = _compile("coap_pipeline.c", folder)

    def start_http(
        self,
        port: int,
        requests: Path,
        seconds: float,
        *,
        status: int,
        connections: int = 16,
        first: int = 0,
        count: int = 0,
    ) -> "subprocess.Popen[str]":
        """Send the file's requests, `count` at most, for some seconds; `status` is expected."""
        return _start(self.http, port, requests, connections, seconds, first, count, status)

    def start_coap(
        self,
        port: int,
        image: Path,
        seconds: float,
        *,
        writers: int,
        first: int = 0,
        to: Target = IMAGES,
    ) -> "subprocess.Popen[str]":
        """Send the image over CoAP, block by block, for some seconds."""
        target = (to.path, to.method, to.code)
        return _start(self.coap, port, image, writers, seconds, first, *target)

    def start_pipeline(
        self,
        port: int,
        requests: Path,
        seconds: float,
        *,
        code: int,
        first: int = 0,
        count: int = 0,
    ) -> "subprocess.Popen[str]":
        """Send the file's CoAP requests, `count` at most, for some seconds; `code` is expected.

        64 of them are under way at a time, on 32 sockets.
        """
        numbers = (SOCKETS, IN_FLIGHT, seconds, first, count, code)
        return _start(self.pipeline, port, requests, *numbers)


def report_of(process: "subprocess.Popen[str]", seconds: float) -> Report:
    """Wait for a load generator that runs for some seconds; BenchError where it fails."""
    try:
        output, messages = process.communicate(timeout=seconds + WAITING)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise BenchError("A load generator did not end.") from error
    if process.returncode:
        raise BenchError(f"A load generator failed: {messages.strip()}")
    facts: dict[str, Any] = json.loads(output)
    return Report(**facts, messages=messages.strip())


def _compile(source: str, folder: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise BenchError(
            "The bench needs a C compiler: there is no `cc` (Debian: apt install gcc)."
        )
    program = folder / Path(source).stem
    command = [compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(SOURCES / source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{source} does not compile:\n{done.stderr}")
    return program


def _start(program: Path, *arguments: object) -> "subprocess.Popen[str]":
    command = [str(program), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
