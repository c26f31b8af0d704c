"""A Django Storage of files that survive a power cut, in a folder of the data folder."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible


@deconstructible(path="core_api.storage.files.DurableFileSystemStorage")
class DurableFileSystemStorage(FileSystemStorage):
    """Files whose bytes and names are on the disk when `save` returns; each appears whole.

    `folder` lies in the data folder. The names are unique to one write: a second one replaces.
    """

    def __init__(self, folder: str = "results") -> None:
        super().__init__(base_url=None)
        self._folder = folder

    @property
    def base_location(self) -> str:
        """The folder, as the settings have it now."""
        return str(Path(settings.COAPTURE_DATA) / self._folder)

    @property
    def location(self) -> str:
        """The same, absolute."""
        return str(Path(self.base_location).absolute())

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002
        """The name itself."""
        return name

    def _save(self, name: str, content: "File[Any]") -> str:
        path = Path(self.path(name))
        _make_folders(path.parent)
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("wb") as file:
            for chunk in content.chunks():
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync(path.parent)
        return name


def _make_folders(folder: Path) -> None:
    """Make the folder and those above it; their names are on the disk afterwards."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
