"""Spool folders for the tests."""

import datetime as dt

from core_api.uploads.head import Head, Target
from core_api.uploads.spool import Quota

DAY = 86_400.0
MIB = 2**20
NOW = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)
HEAD = Head(Target("POST", "/collections/images", "d=cam-7&t=0"), NOW, "192.0.2.1")


def quota(size: int = MIB, files: int = 100, resumable: float = DAY, bound: float = 247.0) -> Quota:
    """What a folder may cost, and how long its files live."""
    return Quota(files, size, resumable, bound)
