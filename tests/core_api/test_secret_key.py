"""core_api/secret_key.py."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core_api.secret_key import read_or_make


def test_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"
    key = read_or_make(path)
    assert len(key) >= 50
    assert read_or_make(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret_key"]


def test_many_at_once_agree(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: read_or_make(path), range(32)))
    assert len(keys) == 1
