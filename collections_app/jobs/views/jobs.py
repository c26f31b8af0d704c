"""/jobs, /jobs/{id} and /jobs/{id}/inputs."""

import datetime as dt
import re

from django.http import HttpRequest, HttpResponse

from collections_app.jobs import paths, queries, services
from collections_app.jobs.queries import Filters
from collections_app.jobs.representations import cursor, page, parse_cursor, status
from collections_app.jobs.views.documents import FORMAT, answered, changed_type
from core_api.background.models import ACTIVE, Job, Status
from core_api.errors import BadRequest
from core_api.rest.conditional import check_preconditions, etag_of
from core_api.rest.dispatch import resource
from core_api.rest.doors import door_of
from core_api.rest.negotiation import CBOR, JSON
from core_api.rest.paging import next_link, page_size
from core_api.rest.query import Query, query_of
from core_api.rest.responses import data_response, encode
from core_api.wire.times import parse_moment_text

PARAMETERS = (
    *("status", "processID", "type", "datetime", "minDuration", "maxDuration"),
    *("limit", "after", FORMAT),
)
TYPES = ("process",)
_OPEN = ("", "..")
_SECONDS = re.compile(r"[0-9]{1,9}")


def _list(request: HttpRequest) -> HttpResponse:
    query = query_of(request).only(PARAMETERS)
    limit = page_size(query)
    after = parse_cursor(query["after"]) if "after" in query else None
    found = queries.page(_filters(request, query), limit + 1, after)
    headers, href = {}, ""
    if len(found) > limit:
        headers["Link"] = next_link(paths.JOBS, query, cursor(found[limit - 1]))
        href = headers["Link"][1:].partition(">")[0]
    items = (status(job, complete=False) for job in found[:limit])
    response = answered(request, query, page("jobs", paths.JOBS, items, href), headers)
    response.observable = True  # type: ignore[attr-defined]
    return response


def _get(request: HttpRequest, job_id: str) -> HttpResponse:
    query = query_of(request).only((FORMAT,))
    job = services.job(job_id)
    headers = {"Retry-After": str(services.RETRY_AFTER)} if job.status in ACTIVE else {}
    response = answered(request, query, status(job), headers)
    response.observable = True  # type: ignore[attr-defined]
    return response


def _delete(request: HttpRequest, job_id: str) -> HttpResponse:
    query = query_of(request).only((FORMAT,))
    media_type = changed_type(request, query)
    job = services.job(job_id)

    def check(job: Job) -> None:
        check_preconditions(request, {etag_of(encode(status(job), name)) for name in (JSON, CBOR)})

    return data_response(status(services.dismiss(job, check)), media_type)


def _inputs(request: HttpRequest, job_id: str) -> HttpResponse:
    query = query_of(request).only((FORMAT,))
    return answered(request, query, services.inputs(services.job(job_id)))


def _filters(request: HttpRequest, query: Query) -> Filters:
    """The filters of the query; several values of one are separated by commas."""
    since, until = _interval(query.get("datetime", ".."), door_of(request).received)
    _several(query, "type", TYPES)
    return Filters(
        statuses=_several(query, "status", Status.values),
        process_ids=_several(query, "processID"),
        since=since,
        until=until,
        min_duration=_seconds(query, "minDuration"),
        max_duration=_seconds(query, "maxDuration"),
    )


def _several(query: Query, name: str, known: "list[str] | tuple[str, ...]" = ()) -> list[str]:
    values = query[name].split(",") if name in query else []
    if any("\0" in value for value in values):
        raise BadRequest(f"{name} must not have U+0000.", pointer=f"/{name}")
    if known and not set(values) <= set(known):
        raise BadRequest(f"{name} must be of {', '.join(known)}.", pointer=f"/{name}")
    return values


def _seconds(query: Query, name: str) -> float | None:
    if name not in query:
        return None
    if not _SECONDS.fullmatch(query[name]):
        raise BadRequest(f"{name} must be a number of seconds.", pointer=f"/{name}")
    return float(query[name])


def _interval(text: str, now: dt.datetime) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Both ends of an instant or of an interval such as 2026-11-01T00:00:00Z/.. (RFC 3339)."""
    first, slash, last = text.partition("/")
    since = None if first in _OPEN else parse_moment_text(first, now, "/datetime").instant
    if not slash:
        return since, since
    until = None if last in _OPEN else parse_moment_text(last, now, "/datetime").instant
    return since, until


collection = resource(GET=_list)
job = resource(GET=_get, DELETE=_delete)
inputs = resource(GET=_inputs)
