"""The outside programs: found, or the test is skipped; under CI=true a missing one is a failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def require(program: str, *folders: str) -> str:
    """The path of a program in one of the folders, beside this Python or on PATH."""
    beside = str(Path(sys.executable).parent)
    path = shutil.which(program, path=os.pathsep.join((*folders, beside, os.environ["PATH"])))
    if path is not None:
        return path
    reason = f"{program} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(program: str, *arguments: str | Path) -> bytes:
    """What the program prints; AssertionError, with what it complains of, when it fails."""
    done = subprocess.run(
        [require(program), *map(str, arguments)], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout
