"""The storage of files that survive a power cut."""

from pathlib import Path
from unittest import mock

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from pytest_django import Settings

from core_api.storage.files import DurableFileSystemStorage


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
