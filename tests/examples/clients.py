"""The clients of examples/ as commands, and pictures for them to send."""

import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.pictures import jpeg
from tests.shared import ROOT

EXAMPLES = ROOT / "examples"
# Short, so that a lost message costs little: RFC 7252 says 2 s, libcoap takes 1 s at least.
ACK_TIMEOUT, ACK_TIMEOUT_OF_LIBCOAP = 0.1, 1
# Generous: a hang shows, an unlucky link does not.
SEND_WITHIN = 110.0
STORED = ("2.01", "2.04")


@dataclass(frozen=True)
class Sending:
    """One picture to be sent to a port of 127.0.0.1."""

    port: int
    device: str
    file: Path
    timestamp: int = 0
    cbor: bool = False
    state: Path | None = None
    retransmissions: int = 4


Command = Callable[[Sending], list[str]]


def plain(sending: Sending, python: str = sys.executable) -> list[str]:
    """examples/python-plain, under any Python."""
    command = [python, str(EXAMPLES / "python-plain/coap_camera.py")]
    command += [f"127.0.0.1:{sending.port}", sending.device, str(sending.file)]
    command += [f"ack_timeout={ACK_TIMEOUT}", "pause=0.1", f"timestamp={sending.timestamp}"]
    command += [f"max_retransmit={sending.retransmissions}"] + ["cbor=1"] * sending.cbor
    return command + ([f"state={sending.state}"] if sending.state else [])


def micropython(sending: Sending) -> list[str]:
    """examples/python-plain under MicroPython."""
    return plain(sending, "micropython")


def aiocoap(sending: Sending) -> list[str]:
    """examples/python-aiocoap."""
    command = [sys.executable, str(EXAMPLES / "python-aiocoap/send.py")]
    command += [f"coap://127.0.0.1:{sending.port}", sending.device, str(sending.file)]
    command += [f"--ack-timeout={ACK_TIMEOUT}", "--pause=0.1", f"--timestamp={sending.timestamp}"]
    command += [f"--max-retransmit={sending.retransmissions}"] + ["--cbor"] * sending.cbor
    return command + ([f"--state={sending.state}"] if sending.state else [])


def libcoap(folder: Path) -> Command:
    """examples/c-libcoap, compiled into a folder."""
    make = ["make", "-C", str(EXAMPLES / "c-libcoap"), f"BUILD={folder}"]
    done = subprocess.run(make, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    def command(sending: Sending) -> list[str]:
        command = [
            str(folder / "camera"),
            f"-a{ACK_TIMEOUT_OF_LIBCOAP}",
            "-p0.1",
            f"-t{sending.timestamp}",
        ]
        command += [f"-r{sending.retransmissions}"] + ["-c"] * sending.cbor
        command += [f"-s{sending.state}"] if sending.state else []
        return [*command, "127.0.0.1", str(sending.port), sending.device, str(sending.file)]

    return command


def start(command: list[str]) -> "subprocess.Popen[str]":
    """Start a client."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def code_of(client: "subprocess.Popen[str]", within: float = SEND_WITHIN) -> str:
    """The code that a client prints in the end; what it complains of when it prints none."""
    try:
        output, messages = client.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        client.kill()
        client.communicate()
        return f"not within {within:g} s"
    return output.strip() or messages


def write_jpeg(file: Path, seed: int, size: int) -> Path:
    """Write a JPEG of exactly `size` bytes (at most 64 KiB), filled up by a comment."""
    picture = jpeg(seed, size=(16, 16))
    comment = size - len(picture) - 4
    segment = b"\xff\xfe" + struct.pack(">H", comment + 2) + bytes(comment)
    file.write_bytes(picture[:2] + segment + picture[2:])
    assert file.stat().st_size == size
    return file
