"""Vectors and real images that lie outside the project; a test without them is skipped."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("COAPTURE_SHARED", ROOT.parent / "shared"))


def shared_path(name: str) -> Path:
    """The path of a shared file or folder; skips the test where it is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not at {SHARED} (set COAPTURE_SHARED)")
    return path


def vectors(name: str) -> list[Any]:
    """The cases of a vector file as pytest parameters; one skipped case where it is missing."""
    path = SHARED / "vectors" / name
    if not path.exists():
        reason = f"{name} is not at {SHARED} (set COAPTURE_SHARED)"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    return list(json.loads(path.read_text(encoding="utf-8"))["cases"])
