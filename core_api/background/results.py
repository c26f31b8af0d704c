"""The files that jobs leave: in STORAGES["results"], below a folder for each attempt.

`{job id}/{token}/{name}`: an attempt overwrites nothing of another one, and whoever lost its lease
writes where nobody looks. A job's results are those of the attempt that ended it.
"""

import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage, storages

from core_api.background.models import Job, Status

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
LINK = re.compile(r"/jobs/(?P<job_id>[0-9a-fA-F-]{36})/results/(?P<name>[^/?#]+)")


def storage() -> Storage:
    """The storage that STORAGES["results"] names."""
    return storages["results"]


def keep(job_id: str, token: int, name: str, file: Path, media_type: str) -> dict[str, Any]:
    """Keep a file as a result of this attempt; gives its link.

    ValueError unless the name has 1 to 100 letters, digits, dots, dashes and underscores and does
    not begin with a dot.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a result.")
    with file.open("rb") as opened:
        storage().save(f"{job_id}/{token}/{name}", File(opened))
    return {"href": f"/jobs/{job_id}/results/{name}", "type": media_type}


def find(job_id: uuid.UUID, name: str) -> "File[Any]":
    """A result of a successful job, opened for reading; LookupError where there is none."""
    tokens = Job.objects.filter(pk=job_id, status=Status.SUCCESSFUL).values_list("token", flat=True)
    token = tokens.first()
    if token is None or not NAME.fullmatch(name):
        raise LookupError(f"There is no result {name!r} of the job {job_id}.")
    try:
        return storage().open(f"{job_id}/{token}/{name}")
    except FileNotFoundError:
        raise LookupError(f"There is no result {name!r} of the job {job_id}.") from None


def fetch(href: str, folder: Path) -> Path:
    """The file behind a result's link: itself where it lies here, else a copy in the folder.

    It is to be read, never written. LookupError where there is none.
    """
    match = LINK.fullmatch(href)
    if match is None:
        raise LookupError(f"{href!r} is no link to a job's result.")
    with find(uuid.UUID(match["job_id"]), match["name"]) as file:
        try:
            return Path(storage().path(file.name or ""))
        except NotImplementedError:
            copy = folder / f"{match['job_id']}-{match['name']}"
            with copy.open("wb") as target:
                shutil.copyfileobj(file, target)
            return copy


def remove(job_id: object, token: int | None = None) -> None:
    """Remove the results of an attempt, or of all attempts of a job; none is no error."""
    for attempt in [str(token)] if token is not None else folders(str(job_id)):
        for name in _listed(f"{job_id}/{attempt}")[1]:
            storage().delete(f"{job_id}/{attempt}/{name}")
        _remove_folder(f"{job_id}/{attempt}")
    if not folders(str(job_id)):
        _remove_folder(str(job_id))


def folders(path: str = "") -> list[str]:
    """The folders there: of jobs at the top, of attempts below a job's."""
    return _listed(path)[0]


def leftovers() -> Iterator[tuple[str, int | None]]:
    """The results that belong to no job (token None), or to attempts that did not end a job."""
    for job_id in folders():
        job = Job.objects.filter(pk=job_id).first() if _is_uuid(job_id) else None
        if job is None:
            yield job_id, None
            continue
        alive = job.status in (Status.RUNNING, Status.SUCCESSFUL)
        for attempt in folders(job_id):
            # A later token is one that was claimed since we looked.
            if int(attempt) < job.token or (int(attempt) == job.token and not alive):
                yield job_id, int(attempt)


def _listed(path: str) -> tuple[list[str], list[str]]:
    try:
        return storage().listdir(path)
    except FileNotFoundError:
        return [], []


def _remove_folder(path: str) -> None:
    """Where folders exist of themselves: Django's file storage removes an empty one."""
    try:
        storage().delete(path)
    except OSError:
        # Somebody has put a file there; cleanup comes by again.
        return


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
