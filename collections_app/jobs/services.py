"""Executing processes, and what their jobs leave."""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import transaction

from collections_app.jobs import paths, processes, queries, waiting
from collections_app.jobs.errors import NoSuchJob, NoSuchProcess, ResultNotReady
from collections_app.jobs.execution import Execution
from collections_app.jobs.processes import Process
from core_api.background import results, services
from core_api.background.models import ACTIVE, Job, Status
from core_api.background.services import Key
from core_api.errors import ApiError, NotFound
from core_api.wire import jsontext
from core_api.wire.problem import BLANK, Problem, problem

# Seconds until a client should look at a job again.
RETRY_AFTER = 1
BINARY = "application/octet-stream"
# RFC 9110 section 8.3.1, and nothing that could end a header.
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+[\x20-\x7e]{,200}", re.ASCII)
# Bytes of JSON; inputs that have more are found at a link of their own.
SHORT = 4096
_MAX_DEPTH = 64


def process(process_id: str) -> Process:
    """The process of this id, or NoSuchProcess."""
    found = processes.find(process_id)
    if found is None:
        raise NoSuchProcess(process_id[:100])
    return found


def job(job_id: str) -> Job:
    """The job of this id, or NoSuchJob."""
    found = queries.find(_uuid(job_id))
    if found is None:
        raise NoSuchJob
    return found


def execute(
    process: Process, execution: Execution, key: str | None = None, body: object = None
) -> Job:
    """Accept a job; it is durable when this returns.

    `key` is an Idempotency-Key: used before with the same process and `body` (the decoded one) it
    gives the same job, else Unprocessable.
    """
    made = None if key is None else Key(key, _fingerprint(process, body))
    options = execution.options
    if len(jsontext.encode(execution.inputs)) > SHORT:
        options[queries.LONG] = True
    return services.enqueue(process.id, dict(execution.inputs), options=options, key=made)


def awaited(job: Job, seconds: float) -> Job:
    """The job as soon as it has ended, or as it is when the seconds have passed."""
    waiting.until(job.path, lambda: queries.status_of(job.pk) not in ACTIVE, seconds)
    return queries.find(job.pk) or job


def inputs(job: Job) -> dict[str, Any]:
    """The inputs, however long; NoSuchJob where somebody has removed it."""
    found = queries.inputs_of(job.pk)
    if found is None:
        raise NoSuchJob
    return found


def dismiss(job: Job, check: Callable[[Job], None]) -> Job:
    """Stop the job where it is active, else remove it; NoSuchJob where somebody else did.

    `check` is given the job as it is then, and may raise to leave it alone.
    """
    with transaction.atomic():
        found = queries.locked(job.pk)
        if found is None:
            raise NoSuchJob
        check(found)
        return services.dismiss(found.pk)


def outputs(job: Job) -> dict[str, Any]:
    """The outputs of a successful job by name, in their wire form and the process's order.

    ResultNotReady while it is active, JobFailed with its problem where it failed, NotFound where
    it was dismissed.
    """
    if job.status in ACTIVE:
        raise ResultNotReady(RETRY_AFTER)
    if job.status == Status.FAILED:
        raise JobFailed(job)
    if job.status == Status.DISMISSED:
        raise NotFound("The job was dismissed: it has no results.")
    given = job.outputs or {}
    # PostgreSQL does not keep the order of members.
    known = processes.find(job.task)
    names = [parameter.name for parameter in known.outputs] if known else []
    return {name: given[name] for name in names if name in given} | given


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A file that a job left: opened by `results.find`, of this media type."""

    file: Any
    media_type: str


def result_file(job: Job, name: str) -> ResultFile | None:
    """The file of this name among the job's outputs; None where none of them links to it."""
    href = paths.result(job, name)
    link = next((link for link in _links(job.outputs) if link["href"] == href), None)
    if link is None:
        return None
    try:
        file = results.find(job.pk, name)
    except LookupError as error:
        raise NotFound("The file of this result is not there any more.") from error
    media_type = link.get("type")
    if not (isinstance(media_type, str) and _MEDIA_TYPE.fullmatch(media_type)):
        media_type = BINARY
    return ResultFile(file, media_type)


class JobFailed(ApiError):
    """The results of a job that failed: its problem takes their place."""

    def __init__(self, job: Job, headers: Mapping[str, str] | None = None) -> None:
        self._error: dict[str, Any] = job.error or {}
        monitor = {"Link": f'<{job.path}>; rel="monitor"'}
        super().__init__(
            str(self._error.get("detail") or ""), headers=monitor | dict(headers or {})
        )

    @property
    def problem(self) -> Problem:
        """The job's problem."""
        status = self._error.get("status")
        return problem(
            status if isinstance(status, int) else self.status,
            self.detail,
            title=self._error.get("title"),
            type=self._error.get("type") or BLANK,
        )


def _links(value: object) -> Iterator[dict[str, Any]]:
    """Every link in a JSON value; none is deeper than what a body may be."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        yield from (item for item in level if isinstance(item, dict) and "href" in item)
        members = [item.values() for item in level if isinstance(item, dict)]
        level = [child for item in level if isinstance(item, list) for child in item]
        level += [child for values in members for child in values]


def _uuid(text: str) -> uuid.UUID:
    try:
        found = uuid.UUID(text)
    except ValueError:
        raise NoSuchJob from None
    if str(found) != text.lower():
        raise NoSuchJob
    return found


def _fingerprint(process: Process, body: object) -> str:
    """A digest of what is asked for, whatever its format and the order of its members."""
    return hashlib.sha256(msgspec.json.encode([process.id, body], order="sorted")).hexdigest()
