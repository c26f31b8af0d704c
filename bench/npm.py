"""Packages of npm that a run is compared with: installed for the run, into its folder."""

import shutil
import subprocess
from pathlib import Path

NPM_SECONDS = 120


class Missing(Exception):
    """A peer cannot run here; the message says what is missing."""


def node(folder: Path, package: str) -> str:
    """The path of node, with the package installed in the folder; Missing without them."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        raise Missing("there is no node and npm (Debian: apt install nodejs npm)")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NPM_SECONDS)
    except subprocess.TimeoutExpired:
        raise Missing("npm did not end in time") from None
    if done.returncode:
        raise Missing(f"npm cannot install {package}: {done.stderr.strip().splitlines()[:1]}")
    return program
