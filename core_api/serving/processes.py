"""Small things around processes: commands, ending with the parent, waiting for a signal."""

import ctypes
import gc
import os
import select
import signal
import sys
from types import FrameType, TracebackType
from typing import Self

from django.conf import settings

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# The process id of the supervisor, in the environment of its parts.
PARENT = "COAPTURE_PARENT"

_PR_SET_PDEATHSIG = 1
_M_MMAP_THRESHOLD = -3
LARGE_BLOCK = 128 * 1024
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def managing(*arguments: str) -> tuple[str, ...]:
    """The command line of our own management command, for another process."""
    return (sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments)


def end_with_parent(parent: int, number: int = signal.SIGTERM) -> None:
    """Have the kernel send this process the signal when its parent ends (prctl(2), Linux only).

    `parent` is the process id that the parent has; where it has ended already, so does this one.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def end_with_supervisor() -> None:
    """In a part that `coapture serve` has started: end when the supervisor ends, however."""
    parent = os.environ.pop(PARENT, "")
    if parent:
        end_with_parent(int(parent))


def collect_less() -> None:
    """Leave what was imported out of the garbage collector's sight, and call it less often.

    Requests make few cycles, and each collection walks all that lives: a seventh of a download.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def give_back_memory() -> None:
    """Have large blocks of memory go back to the system when they are freed (mallopt(3), glibc).

    By itself glibc stops doing so for sizes that it meets again; tables that grow and shrink then
    leave holes, and a gateway under load grows for hours.
    """
    if _libc is not None and hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


class Signals:
    """Signals as something to wait for, while the `with` block runs."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._former = {number: signal.signal(number, self._arrived) for number in self._numbers}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def _arrived(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        os.write(self._writer, b"!")

    def wait(self, seconds: float) -> bool:
        """True as soon as one of the signals has arrived, False when the time is over."""
        return bool(select.select([self._reader], [], [], seconds)[0])

    def take(self) -> bool:
        """Whether one has arrived since this was asked last."""
        return self.wait(0) and bool(os.read(self._reader, select.PIPE_BUF))


class Stop(Signals):
    """SIGTERM, SIGINT and SIGHUP."""

    def __init__(self) -> None:
        super().__init__(*STOP_SIGNALS)
