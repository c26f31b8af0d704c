"""The end of this process: who lets clients wait is told, so that an answer still goes out."""

import os
import signal
import threading
import weakref
from typing import Protocol

from core_api.serving.processes import STOP_SIGNALS


class Waiting(Protocol):
    """Somebody who lets others wait."""

    def give_up(self) -> None:
        """The process ends: nobody is to wait any more. Called once, from any thread."""


class Ending:
    """Whether the end has begun."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: weakref.WeakSet[Waiting] = weakref.WeakSet()
        self._begun = False

    @property
    def begun(self) -> bool:
        """Whether it has."""
        return self._begun

    def tell(self, waiting: Waiting) -> None:
        """Call its `give_up` when the end begins."""
        with self._guard:
            self._waiting.add(waiting)

    def begin(self) -> None:
        """The process is to end, once it has answered those who have asked."""
        with self._guard:
            self._begun = True
            waiting = list(self._waiting)
        for one in waiting:
            one.give_up()


ending = Ending()


def begin_with_signal() -> None:
    """Let the end begin with the signals that stop us, whoever handles them; in the main thread."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_await_signal, args=(reader,), name="ending", daemon=True).start()


def _await_signal(reader: int) -> None:
    while not set(os.read(reader, 64)).intersection(STOP_SIGNALS):
        pass
    ending.begin()
