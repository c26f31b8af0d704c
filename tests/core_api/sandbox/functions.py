"""What the tests run in the sandbox."""

import ctypes
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Size:
    width: int
    height: int


class Refused(ValueError):
    pass


def echo(*values: object) -> object:
    return list(values)


def double(data: bytes) -> bytes:
    return data + data


def turned(size: Size) -> Size:
    return Size(size.height, size.width)


def refuse(why: str) -> None:
    raise Refused(why)


def fail(why: str) -> None:
    raise LookupError(why)


def pid() -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def spin() -> None:
    while True:
        pass


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def crash() -> None:
    ctypes.string_at(0)


def leave(status: int) -> None:
    os._exit(status)


def fill(size: int) -> int:
    return len(bytearray(b"x") * size)


def write(path: str) -> None:
    Path(path).write_bytes(b"x")


def babble() -> None:
    """Write to the socket what is no message."""
    for number in range(3, 64):
        try:
            os.write(number, b"\0" * 7 + b"\x03" + b"\xc1\xc1\xc1")
        except OSError:
            continue
    time.sleep(60)


def boast() -> None:
    """Announce a message that is far too long."""
    for number in range(3, 64):
        try:
            os.write(number, b"\x7f" + b"\xff" * 7)
        except OSError:
            continue
    time.sleep(60)


def meet(folder: str, name: str, count: int) -> int:
    """Wait until so many are here."""
    Path(folder, name).mkdir()
    until = time.monotonic() + 8
    while len(list(Path(folder).iterdir())) < count:
        if time.monotonic() > until:
            raise Refused("nobody came")
        time.sleep(0.005)
    return os.getpid()
