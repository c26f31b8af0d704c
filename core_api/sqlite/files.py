"""Putting a database file into place where there is none."""

import os
import secrets
import shutil
from pathlib import Path

COMPANIONS = ("-wal", "-shm", "-journal")


def put_into_place(database: Path, template: Path | None) -> None:
    """Copy the template to `database`, or make an empty file; nothing happens where there is one.

    Only the owner can read the file, for images may be private. The name appears with the whole
    file behind it. The caller holds the write lock, so that nobody opens the database meanwhile.
    """
    if database.exists():
        return
    # A log that a deleted database left behind would be replayed into the new one.
    for suffix in COMPANIONS:
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    draft = database.with_name(f".{database.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _copy(template, file.fileno())
        os.link(draft, database)
    finally:
        draft.unlink()
    _sync_folder(database.parent)


def _copy(template: Path | None, descriptor: int) -> None:
    if template is not None and template.exists():
        with template.open("rb") as source, os.fdopen(os.dup(descriptor), "wb") as target:
            shutil.copyfileobj(source, target)
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
