"""Ending with the parent, and waiting for a signal: real processes and signals."""

import os
import platform
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from core_api.serving.processes import STOP_SIGNALS, Signals, Stop, managing

PARENT = """
import os, time
from core_api.serving.processes import end_with_parent
parent, (reader, writer) = os.getpid(), os.pipe()
child = os.fork()
if not child:
    end_with_parent(parent)
    os.write(writer, b"!")
    time.sleep(60)
os.read(reader, 1)
print(child, flush=True)
time.sleep(60)
"""

MAPPED = """
import ctypes
from core_api.serving import processes

class Facts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "abcdefghij"]

processes.give_back_memory()
facts = ctypes.CDLL(None).mallinfo2
facts.restype = Facts
before = facts().e
# The first one would teach glibc to keep such blocks on its heap.
for _ in range(2):
    block = bytes(2**20)
    print(facts().e - before >= 2**20)
    del block
print(facts().e == before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_child_ends_with_its_killed_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(10)
    assert not child.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_an_orphan_ends_at_once() -> None:
    code = "from core_api.serving.processes import end_with_parent; end_with_parent(1 << 22)"
    status = subprocess.run([sys.executable, "-c", code + "; print('still here')"], check=False)
    assert status.returncode == 1


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_ends_the_wait(number: signal.Signals) -> None:
    former = signal.getsignal(number)
    with Stop() as stop:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), number))
        timer.start()
        assert stop.wait(30)
        timer.join()
        assert stop.wait(0), "it stays so"
        os.kill(os.getpid(), number)
        assert stop.wait(0), "a second signal does no harm"
    assert signal.getsignal(number) == former


def test_without_a_signal_the_time_passes() -> None:
    with Stop() as stop:
        started = time.monotonic()
        assert not stop.wait(0.05)
        assert time.monotonic() - started >= 0.05


def test_a_signal_that_is_taken_is_waited_for_anew() -> None:
    with Signals(signal.SIGHUP) as hangup:
        assert not hangup.take()
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
        assert hangup.wait(30)
        assert hangup.take()
        assert not hangup.take()


def test_our_own_commands() -> None:
    done = subprocess.run(managing("version"), capture_output=True, text=True, check=True)
    assert done.stdout.startswith("5.")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is not glibc's")
def test_large_blocks_go_back_to_the_system() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAPPED], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["True"] * 3, done.stderr
