"""What every place of image bytes offers: whole objects that are written once, read and deleted."""

import datetime as dt
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage

from core_api import turns
from core_api.errors import ApiError

T = TypeVar("T")
R = TypeVar("R")

NAME = re.compile(r"(?P<time>[0-9a-f]{12})[0-9a-f]{20}/(?P<sha256>[0-9a-f]{64})\.[a-z0-9-]{1,16}")


class ObjectStorage(Storage, ABC):
    """A Django Storage of objects whose names are unique to one write, so that none ever changes.

    A name is a UUID of version 7, a slash, the SHA-256 of the original bytes, a dot, the encoding.
    ServiceUnavailable and InsufficientStorage say that the place cannot do its work now.
    """

    # Whether objects are written and deleted by the database's transaction that is open.
    transactional = False

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The object's bytes; FileNotFoundError where there is none."""

    @abstractmethod
    def write(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Store objects; they are durable, each as a whole, when this returns."""

    def write_each(self, objects: Sequence[tuple[str, bytes]]) -> list[Exception | None]:
        """Store objects; what went wrong with each, which is nothing to the others."""
        return [_error_of(self.write, [pair]) for pair in objects]

    def read_each(self, names: Sequence[str]) -> list[bytes | Exception]:
        """The bytes of each object, or what went wrong with it."""
        return [_outcome_of(self.read, name) for name in names]

    def delete_all(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there are no error."""
        for name in names:
            self.delete(name)

    @abstractmethod
    def keys(self) -> Iterator[str]:
        """The names of all objects, in any order."""

    def check(self) -> None:
        """ServiceUnavailable where the place does not answer."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002
        """The name itself: names are unique to one write."""
        return name

    def size(self, name: str) -> int:
        """The object's length in bytes."""
        return len(self.read(name))

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":  # noqa: ARG002
        return ContentFile(self.read(name), name)

    def _save(self, name: str, content: "File[Any]") -> str:
        self.write([(name, content.read())])
        return name


class ExternalStorage(ObjectStorage):
    """A place outside of the database: the object goes first, then the row that refers to it.

    Several objects are worked on at once by `lanes` threads.
    """

    lanes = 8

    def tidy(self, before: dt.datetime) -> None:
        """Remove what writers left that died before this moment, and what is no object."""

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Store one object; it is durable when this returns."""

    def write(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Store objects; the first error, after all were tried."""
        for error in self.write_each(list(objects)):
            if error is not None:
                raise error

    def write_each(self, objects: Sequence[tuple[str, bytes]]) -> list[Exception | None]:
        """Store objects, several at once."""
        return self._each(lambda pair: _error_of(self.put, *pair), objects)

    def read_each(self, names: Sequence[str]) -> list[bytes | Exception]:
        """Read objects, several at once."""
        return self._each(lambda name: _outcome_of(self.read, name), names)

    def _each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        with turns.given_up():
            if len(items) < 2:
                return [work(item) for item in items]
            with ThreadPoolExecutor(min(self.lanes, len(items)), "storage") as threads:
                return list(threads.map(work, items))


def flat(name: str) -> str:
    """The name without a slash; SuspiciousFileOperation where it is none of an object."""
    if not NAME.fullmatch(name):
        raise SuspiciousFileOperation(f"{name!r} is no name of an object.")
    return name.replace("/", "-")


def unflat(name: str) -> str | None:
    """The name that `flat` made this of; None where it made none."""
    original = name.replace("-", "/", 1)
    return original if NAME.fullmatch(original) else None


def made(name: str) -> dt.datetime | None:
    """When the name was made, which is before its object was; None where it is none of ours."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    return dt.datetime.fromtimestamp(int(match["time"], 16) / 1000, dt.UTC)


def digest_of(key: str) -> str:
    """The SHA-256 in an object's name or key, in hex."""
    return key.partition("/")[2].partition(".")[0]


def _outcome_of(work: Callable[..., R], *arguments: Any) -> R | Exception:
    try:
        return work(*arguments)
    except (ApiError, OSError) as error:
        return error


def _error_of(work: Callable[..., None], *arguments: Any) -> Exception | None:
    return _outcome_of(work, *arguments)
