"""STORAGES["images"]: new objects go to one place, and each key says in which its object lies."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeVar

from django.core.files.storage import storages
from django.db.models import Q
from django.utils.module_loading import import_string

from core_api.errors import ServiceUnavailable
from core_api.storage.backends import ObjectStorage
from core_api.uuids import uuid7

T = TypeVar("T")

DATABASE = "database"
MARK = ":"


def image_storage() -> "ImageStorage":
    """The storage that STORAGES["images"] names."""
    storage = storages["images"]
    if not isinstance(storage, ImageStorage):
        raise TypeError('STORAGES["images"] must be core_api.storage.places.ImageStorage.')
    return storage


class ImageStorage(ObjectStorage):
    """Several places as one storage, so that objects can move while they are read.

    A key is the name of the place, a colon and the object's name there; objects of the database
    have the name alone. `place` is where new objects go, `places` gives for each a BACKEND and its
    OPTIONS as STORAGES does; a backend is made when its first object is wanted.
    """

    def __init__(self, place: str, places: Mapping[str, Mapping[str, Any]]) -> None:
        self.place = place
        self._made = cache(lambda name: _backend(places, name))
        self.places = tuple(places)

    def at(self, place: str) -> ObjectStorage:
        """The storage of a place; ServiceUnavailable where it is not configured."""
        backend: ObjectStorage = self._made(place)
        return backend

    def new_key(self, sha256: str, encoding: str, place: str = "") -> str:
        """A key for an object that no other write has; where it is to lie, if not in `self.place`.

        It begins with the time (RFC 9562 section 5.7), so that the index of a batch's objects fills
        one page and not one for each: 16 KiB less in SQLite's log for every picture.
        """
        return key_at(place or self.place, f"{uuid7().hex}/{sha256}.{encoding}")

    def is_transactional(self, key: str) -> bool:
        """Whether the object is written by the database's transaction that is open."""
        return place_of(key) == DATABASE

    def read(self, name: str) -> bytes:
        """The object's bytes, wherever it lies; FileNotFoundError where there is none."""
        place, inner = split(name)
        return self.at(place).read(inner)

    def write(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Store each object in the place that its key says."""
        by_place: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for key, data in objects:
            place, inner = split(key)
            by_place[place].append((inner, data))
        for place, inners in by_place.items():
            self.at(place).write(inners)

    def write_each(self, objects: Sequence[tuple[str, bytes]]) -> list[Exception | None]:
        """Store each object in the place that its key says; what went wrong with each."""
        outcomes: list[Exception | None] = [None] * len(objects)
        for place, numbers in _grouped([key for key, _ in objects]).items():
            pairs = [(split(objects[number][0])[1], objects[number][1]) for number in numbers]
            _spread(outcomes, numbers, self.at(place).write_each(pairs))
        return outcomes

    def read_each(self, names: Sequence[str]) -> list[bytes | Exception]:
        """The bytes of each object, or what went wrong with it."""
        outcomes: list[bytes | Exception] = [b""] * len(names)
        for place, numbers in _grouped(names).items():
            inner = [split(names[number])[1] for number in numbers]
            _spread(outcomes, numbers, self.at(place).read_each(inner))
        return outcomes

    def delete(self, name: str) -> None:
        """Delete the object; nothing happens where there is none."""
        self.delete_all([name])

    def delete_all(self, names: Iterable[str]) -> None:
        """Delete objects wherever they lie; those that are not there are no error."""
        keys = list(names)
        for place, numbers in _grouped(keys).items():
            self.at(place).delete_all(split(keys[number])[1] for number in numbers)

    def exists(self, name: str) -> bool:
        """Whether there is an object under this key."""
        place, inner = split(name)
        return self.at(place).exists(inner)

    def keys(self) -> Iterator[str]:
        """The keys of all objects, wherever they lie."""
        for place in self.places:
            yield from map(partial(key_at, place), self.at(place).keys())

    def check(self) -> None:
        """ServiceUnavailable where the place of new objects does not answer."""
        self.at(self.place).check()


def split(key: str) -> tuple[str, str]:
    """The place of a key and the object's name there."""
    place, mark, name = key.partition(MARK)
    return (place, name) if mark else (DATABASE, key)


def place_of(key: str) -> str:
    """The place of a key."""
    return split(key)[0]


def key_at(place: str, name: str) -> str:
    """The key of an object of this name in a place."""
    return name if place == DATABASE else f"{place}{MARK}{name}"


def lies_in(place: str) -> Q:
    """The condition that the field `key` is that of an object in the place."""
    return ~Q(key__contains=MARK) if place == DATABASE else Q(key__startswith=key_at(place, ""))


def _backend(places: Mapping[str, Mapping[str, Any]], place: str) -> ObjectStorage:
    if place not in places:
        raise ServiceUnavailable(f"The storage {place!r} is not configured here.", retry_after=60)
    backend: ObjectStorage = import_string(places[place]["BACKEND"])(
        **places[place].get("OPTIONS", {})
    )
    return backend


def _grouped(keys: Sequence[str]) -> dict[str, list[int]]:
    """The positions of the keys of each place."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, key in enumerate(keys):
        numbers[place_of(key)].append(number)
    return numbers


def _spread(outcomes: list[T], numbers: Sequence[int], parts: Sequence[T]) -> None:
    for number, part in zip(numbers, parts, strict=True):
        outcomes[number] = part
