"""Django Storages of files that survive a power cut, in folders of the data folder."""

import datetime as dt
import errno
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible

from core_api.errors import InsufficientStorage, ServiceUnavailable
from core_api.storage.backends import ExternalStorage, flat, unflat

RETRY_AFTER = 60
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
log = logging.getLogger("coapture.storage")


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


class FileStorage(ExternalStorage):
    """Each object a file below `images/` of the data folder, in folders by the time of its name.

    A file appears whole, and is on the disk when `put` returns. A folder holds what was named in 65
    seconds, one above it those of four and a half hours.
    """

    def __init__(self, folder: str = "images") -> None:
        self._folder = folder

    @property
    def root(self) -> Path:
        """The folder, as the settings have it now."""
        return Path(settings.COAPTURE_DATA) / self._folder

    def path(self, name: str) -> str:
        """Where the object lies; SuspiciousFileOperation where the name is none of an object."""
        return str(self._path(name))

    def put(self, name: str, data: bytes) -> None:
        """Store one object; InsufficientStorage where the disk is full."""
        path = self._path(name)
        try:
            _write(path, data)
        except OSError as error:
            with suppress(OSError):
                _draft(path).unlink()
            raise _refusal(error) from error

    def read(self, name: str) -> bytes:
        """The object's bytes; FileNotFoundError where there is none."""
        return self._path(name).read_bytes()

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        return self._path(name).exists()

    def delete(self, name: str) -> None:
        """Delete the object; nothing happens where there is none."""
        self._path(name).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """The names of all objects."""
        for path in self.root.glob("*/*/*.*"):
            if name := unflat(path.name):
                yield name

    def tidy(self, before: dt.datetime) -> None:
        """Remove unfinished files older than this, and empty folders that no new object goes to."""
        for draft in self.root.glob("*/*/.*.draft"):
            if draft.stat().st_mtime < before.timestamp():
                draft.unlink(missing_ok=True)
        for pattern in ("*/*", "*"):
            for folder in self.root.glob(pattern):
                if folder.stat().st_mtime < before.timestamp():
                    with suppress(OSError):
                        folder.rmdir()

    def check(self) -> None:
        """ServiceUnavailable where nothing can be written to the folder."""
        try:
            _make_folders(self.root)
        except OSError as error:
            raise _refusal(error) from error
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise ServiceUnavailable("The folder of images cannot be written.", RETRY_AFTER)

    def _path(self, name: str) -> Path:
        file = flat(name)
        return self.root / file[:6] / file[6:8] / file


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.draft")


def _write(path: Path, data: bytes) -> None:
    _make_folders(path.parent)
    draft = _draft(path)
    with draft.open("wb", buffering=0) as file:
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    draft.replace(path)
    _sync(path.parent)


def _refusal(error: OSError) -> ServiceUnavailable:
    log.warning("images: %s", error)
    if error.errno in FULL:
        return InsufficientStorage("The server's disk is full.", RETRY_AFTER)
    return ServiceUnavailable("The folder of images cannot be written.", RETRY_AFTER)
