"""What the tests run in processes of their own; each starts Django on one database file."""

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from django.db.utils import ConnectionHandler

ALIAS = "fair"


def database_settings(path: Path | str, **options: Any) -> Any:
    """The whole settings of one database."""
    test = {"NAME": options.pop("test_name", None)}
    database = {"ENGINE": "core_api.sqlite", "NAME": path, "OPTIONS": options, "TEST": test}
    return ConnectionHandler({"default": database}).settings["default"]


def start(path: Path, **options: Any) -> Any:
    """Django with the file as its only database; gives the connection."""
    import django
    from django.conf import settings
    from django.db import connection

    settings.configure(
        DATABASES={"default": database_settings(path, **options)},
        INSTALLED_APPS=["core_api"],
        USE_TZ=True,
    )
    django.setup()
    return connection


def make_table(connection: Any) -> None:
    from core_api.changes import Change

    with connection.schema_editor() as editor:
        editor.create_model(Change)


def insert_from_threads(path: Path, pipe: Connection, threads: int, rows: int) -> None:
    """Each thread saves rows, one transaction each, inside and outside atomic() by turns."""
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import nullcontext

    connection = start(path, timeout=30)
    from django.db import OperationalError, transaction

    from core_api.changes import Change

    def insert(thread: int) -> int:
        errors = 0
        for row in range(rows):
            try:
                with transaction.atomic() if row % 2 else nullcontext():
                    Change(path=f"/{os.getpid()}/{thread}/{row}").save()
            except OperationalError:
                errors += 1
        connection.close()
        return errors

    pipe.send("ready")
    pipe.recv()
    with ThreadPoolExecutor(threads) as pool:
        pipe.send(sum(pool.map(insert, range(threads))))


def open_with_template(path: Path, pipe: Connection, template: Path) -> None:
    """Open the database as soon as told, and write into the template's table."""
    connection = start(path, timeout=30, template=template)
    pipe.send("ready")
    pipe.recv()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO mark VALUES (%s)", [str(os.getpid())])
    connection.close()
    pipe.send("written")


def hold(path: Path, pipe: Connection) -> None:
    """Be inside atomic(), with a row written, until the end comes from outside."""
    start(path, timeout=30)
    from django.db import transaction

    from core_api.changes import Change

    with transaction.atomic():
        Change(path="/lost").save()
        pipe.send("holds")
        time.sleep(60)


def hold_and_fork(path: Path, pipe: Connection) -> None:
    """Fork inside atomic(): the child says what it can do, and lives longer than its parent."""
    start(path, timeout=0.2)
    from django.db import transaction

    from core_api.changes import Change

    child = None
    try:
        with transaction.atomic():
            Change(path="/parent").save()
            child = os.fork()
            if child:
                time.sleep(60)
            pipe.send(_saved("/inside"))
    finally:
        if child == 0:
            pipe.send(_saved("/afterwards"))
            pipe.recv()
            os._exit(0)


def fork_when_idle(path: Path, pipe: Connection) -> None:
    """Fork with an open connection: the child writes while the parent waits, then the parent."""
    start(path, timeout=30)
    from core_api.changes import Change

    Change(path="/before").save()
    child = os.fork()
    if not child:
        pipe.send(_saved("/child"))
        os._exit(0)
    os.waitpid(child, 0)
    pipe.send(_saved("/parent"))


def _saved(path: str) -> str:
    from django.db import DatabaseError

    from core_api.changes import Change

    try:
        Change(path=path).save()
    except DatabaseError as error:
        return f"{type(error).__name__}: {error}"
    return "saved"
