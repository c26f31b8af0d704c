"""The storages of files that survive a power cut."""

import datetime as dt
import errno
import os
from pathlib import Path
from unittest import mock

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.utils import timezone
from pytest_django import Settings

from core_api.errors import InsufficientStorage, ServiceUnavailable
from core_api.storage.files import DurableFileSystemStorage, FileStorage


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.COAPTURE_DATA = tmp_path
    return tmp_path / "results"


def test_a_file_is_kept_under_its_name_alone(folder: Path) -> None:
    storage = DurableFileSystemStorage()
    assert storage.save("a/1/x.txt", ContentFile(b"one")) == "a/1/x.txt"
    assert storage.save("a/1/x.txt", ContentFile(b"two")) == "a/1/x.txt"
    assert (folder / "a/1/x.txt").read_bytes() == b"two"
    assert storage.listdir("a/1") == ([], ["x.txt"])


def test_the_bytes_the_name_and_every_new_folder_are_synced(folder: Path) -> None:
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))

    with mock.patch("os.fsync", fsync):
        DurableFileSystemStorage().save("a/1/x.txt", ContentFile(b"one"))
    above, a = folder.parent, folder / "a"
    drafts = [name for name in synced if name.endswith(".draft")]
    assert drafts == [f"{a}/1/.x.txt.draft"]
    assert [name for name in synced if name not in drafts] == [
        *map(str, (above, folder, a, a / "1"))
    ]


def test_a_name_outside_of_the_folder_is_refused(folder: Path) -> None:
    with pytest.raises(SuspiciousFileOperation):
        DurableFileSystemStorage().save("../x.txt", ContentFile(b"one"))


NAME = f"{'0' * 12}7{'1' * 19}/{'a' * 64}.raw"
PLACE = f"images/000000/00/{NAME.replace('/', '-')}"


class TestObjects:
    def test_each_is_a_file_in_a_folder_by_its_time(self, folder: Path) -> None:
        FileStorage().put(NAME, b"picture")
        assert (folder.parent / PLACE).read_bytes() == b"picture"
        assert not list((folder.parent / PLACE).parent.glob(".*"))

    def test_the_bytes_the_name_and_every_new_folder_are_synced(self, folder: Path) -> None:
        synced: list[str] = []

        def fsync(descriptor: int) -> None:
            synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

        with mock.patch("os.fsync", fsync):
            FileStorage().put(NAME, b"picture")
        data, _, _, file = folder.parent.name, *PLACE.split("/")[1:]
        assert synced == [data, "images", "000000", f".{file}.draft", "00"]

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    @pytest.mark.parametrize("step", ["fsync", "open", "replace"])
    def test_a_full_disk_leaves_nothing(self, folder: Path, number: int, step: str) -> None:
        error = OSError(number, os.strerror(number))
        target = "os.fsync" if step == "fsync" else f"pathlib.Path.{step}"
        with (
            mock.patch(target, side_effect=error),
            pytest.raises(InsufficientStorage, match="disk is full") as caught,
        ):
            FileStorage().put(NAME, b"picture")
        assert caught.value.headers == {"Retry-After": "60"}
        assert [path for path in folder.parent.rglob("*") if path.is_file()] == []
        FileStorage().put(NAME, b"picture")
        assert FileStorage().read(NAME) == b"picture"

    def test_a_disk_that_fails_is_said_to_be(self, folder: Path) -> None:
        error = OSError(errno.EIO, "Input/output error")
        with mock.patch("os.fsync", side_effect=error), pytest.raises(ServiceUnavailable) as caught:
            FileStorage().put(NAME, b"picture")
        assert caught.value.status == 503

    def test_what_dead_writers_left_is_tidied(self, folder: Path) -> None:
        storage = FileStorage()
        storage.put(NAME, b"picture")
        file = folder.parent / PLACE
        draft = file.with_name(".x.draft")
        draft.touch()
        foreign = file.with_name("README.txt")
        foreign.touch()
        empty = folder.parent / "images/111111/11"
        empty.mkdir(parents=True)
        storage.tidy(timezone.now() - dt.timedelta(hours=1))
        assert draft.exists()
        assert empty.exists()
        storage.tidy(timezone.now() + dt.timedelta(hours=1))
        assert not draft.exists()
        assert not empty.exists()
        assert file.exists()
        assert foreign.exists()
        assert list(storage.keys()) == [NAME]

    def test_a_folder_that_cannot_be_made_is_down(self, folder: Path) -> None:
        (folder.parent / "images").touch()
        with pytest.raises(ServiceUnavailable):
            FileStorage().check()
        with pytest.raises(ServiceUnavailable):
            FileStorage().put(NAME, b"picture")
