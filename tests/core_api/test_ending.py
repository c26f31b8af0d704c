"""The end of a process is told to who lets clients wait."""

import subprocess
import sys

from core_api.ending import Ending


class Patient:
    """Lets nobody wait, but knows when it should not."""

    told = 0

    def give_up(self) -> None:
        self.told += 1


def test_who_lets_others_wait_is_told_once() -> None:
    ending, patient = Ending(), Patient()
    ending.tell(patient)
    assert not ending.begun
    ending.begin()
    assert ending.begun
    assert patient.told == 1


PROGRAM = """
import os, signal, threading
from core_api import ending

heard = threading.Event()

class Patient:
    def give_up(self):
        heard.set()

patient = Patient()
ending.ending.tell(patient)
ending.begin_with_signal()
for number in (signal.SIGUSR1, signal.SIGTERM):
    signal.signal(number, lambda *_: None)
    assert not ending.ending.begun
    os.kill(os.getpid(), number)
assert heard.wait(20)
"""


def test_it_begins_with_the_signal_whoever_handles_that() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], timeout=60, check=False)
    assert done.returncode == 0
