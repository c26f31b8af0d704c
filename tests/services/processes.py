"""Ending a service that a test has started, with whatever it has started itself."""

import os
import signal
import subprocess
from contextlib import suppress


def end(process: "subprocess.Popen[bytes]", number: signal.Signals, within: float) -> None:
    """Send the signal and wait so many seconds; then kill what is left of its session."""
    process.send_signal(number)
    try:
        process.wait(within)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
