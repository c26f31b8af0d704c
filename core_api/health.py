"""Who is up: each part leaves a sign of life in the data folder, and the database is asked."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from core_api.errors import ServiceUnavailable
from core_api.storage.places import image_storage

BEAT_EVERY = 1.0
DOWN_AFTER = 5.0
UP = "up"
DOWN = "down"
NOT_MIGRATED = "not migrated"

_migrated = False


def beat(part: str) -> None:
    """Say that the part lives, now; to be called every BEAT_EVERY seconds."""
    path = _path(part)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@contextmanager
def beating(
    part: str, lives: Callable[[], bool] = lambda: True, *, returns: bool = False
) -> Iterator[None]:
    """A thread that beats for the part while the block runs, unless `lives` says that it hangs.

    Then the part is down; one that `returns` at once (a process that its master starts again) only
    when it stays away.
    """
    stop = threading.Event()
    beat(part)
    thread = threading.Thread(
        target=_beat_until, args=(part, lives, stop), name="beat", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if not returns:
            _path(part).unlink(missing_ok=True)


def _beat_until(part: str, lives: Callable[[], bool], stop: threading.Event) -> None:
    while not stop.wait(BEAT_EVERY):
        # A beat that cannot be written is missed, which is what the others then see.
        with suppress(OSError):
            if lives():
                beat(part)


def silence(part: str = "") -> None:
    """Forget the signs of life of a part and its processes, or of all: nothing runs yet."""
    for path in (*_folder().glob(part or "*"), *_processes(part)):
        if not path.is_dir():
            path.unlink(missing_ok=True)


def parts() -> dict[str, str]:
    """Each part of this server and "up" or "down"; the database may also be "not migrated".

    The storage of images is one, where it is not the database.

    A part of several processes is followed by these, as "coap-1". The web part is up, for it is the
    one that answers; it is the only one where COAPTURE_PARTS names none.
    """
    names = [
        name
        for part in settings.COAPTURE_PARTS
        if part != "web"
        for name in (part, *sorted(path.name for path in _processes(part)))
    ]
    facts = {"web": UP, **{name: sign(name) for name in names}, "database": _database()}
    # What lies in the database is up where that is.
    return facts if settings.COAPTURE_STORAGE == "database" else facts | {"storage": _storage()}


def sign(part: str) -> str:
    """ "up" where the part has beaten lately, else "down"."""
    return UP if silent_for(part) < DOWN_AFTER else DOWN


def silent_for(part: str) -> float:
    """Seconds since the part has beaten; infinite where it never has."""
    try:
        return time.time() - _path(part).stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _database() -> str:
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        # Migrations are applied once for all; working them out costs milliseconds.
        if not _migrated:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return DOWN
    return UP if _migrated else NOT_MIGRATED


def _storage() -> str:
    try:
        image_storage().check()
    except ServiceUnavailable:
        return DOWN
    return UP


def _folder() -> Path:
    return Path(settings.COAPTURE_DATA) / "run"


def _processes(part: str) -> Iterator[Path]:
    return _folder().glob(f"{part}-[0-9]*")


def _path(part: str) -> Path:
    return _folder() / part
