"""core_api/storage/cache.py: what stays, what goes, and what a crash may leave."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from core_api.storage.cache import Cache, Files, Memory


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.COAPTURE_DATA = tmp_path
    settings.COAPTURE_CACHE_MEMORY = 400
    settings.COAPTURE_CACHE_DISK = 4000
    return tmp_path / "cache" / "pictures"


def files(folder: Path) -> list[Path]:
    """The files of the cache."""
    return [path for path in folder.rglob("*") if path.is_file()]


class TestMemory:
    def test_those_used_last_stay(self) -> None:
        memory = Memory()
        for name in "abcd":
            memory.put(name, name.encode() * 100)
        assert memory.get("a") == b"a" * 100
        memory.put("e", b"e" * 100)
        assert [name for name in "abcde" if memory.get(name)] == ["a", "c", "d", "e"]

    def test_one_that_is_kept_again_counts_once(self) -> None:
        memory = Memory()
        for _ in range(9):
            memory.put("a", b"a" * 100)
        memory.put("b", b"b" * 100)
        assert memory.get("a")
        assert memory.get("b")

    def test_a_large_one_does_not_empty_it(self) -> None:
        memory = Memory()
        memory.put("a", b"a")
        memory.put("b", b"b" * 101)
        assert (memory.get("a"), memory.get("b")) == (b"a", None)


class TestFiles:
    def test_another_process_finds_it(self) -> None:
        Files("pictures").put("a", b"one")
        assert Files("pictures").get("a") == b"one"
        assert Files("others").get("a") is None

    @pytest.mark.parametrize("content", [b"", b"short", bytes(300)])
    def test_what_a_crash_left_is_not_taken_for_it(self, folder: Path, content: bytes) -> None:
        cache = Files("pictures")
        cache.put("a", b"a" * 290)
        (file,) = files(folder)
        file.write_bytes(content)
        assert cache.get("a") is None

    def test_those_used_longest_ago_go(self, folder: Path) -> None:
        cache = Files("pictures")
        for number in range(30):
            cache.put(str(number), bytes(400))
            for path in files(folder):
                # A clock that is fine enough for the order of these files.
                os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**9))
        left = [number for number in range(30) if cache.get(str(number))]
        assert left == list(range(30 - len(left), 30))
        assert sum(path.stat().st_size for path in files(folder)) <= 4000 * 9 / 8 + 400

    def test_a_disk_that_takes_nothing_is_no_error(self, folder: Path) -> None:
        folder.parent.parent.mkdir(exist_ok=True)
        folder.parent.write_bytes(b"a file where the folder should be")
        cache = Files("pictures")
        cache.put("a", b"one")
        assert cache.get("a") is None

    def test_no_draft_is_left(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        Files("pictures").put("a", b"one")
        assert files(folder) == []


def test_nothing_is_kept_where_there_is_no_room(settings: Settings, folder: Path) -> None:
    settings.COAPTURE_CACHE_MEMORY = settings.COAPTURE_CACHE_DISK = 0
    cache = Cache("pictures")
    cache.put("a", b"one")
    assert cache.get("a") is None
    assert files(folder) == []


def test_files_stand_behind_the_memory(folder: Path) -> None:
    cache = Cache("pictures")
    cache.put("a", b"one")
    cache.forget()
    assert cache.get("a") == b"one"
    files(folder)[0].unlink()
    assert cache.get("a") == b"one"
