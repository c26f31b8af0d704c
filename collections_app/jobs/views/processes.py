"""The landing page, /conformance, /processes and what lies below it."""

from itertools import islice

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path

from collections_app.jobs import bodies, execution, paths, processes, services
from collections_app.jobs.preferences import KEY, WAIT, idempotency_key, preferences
from collections_app.jobs.representations import (
    CONFORMS_TO,
    description,
    landing,
    page,
    status,
    summary,
)
from collections_app.jobs.services import JobFailed
from collections_app.jobs.views.documents import FORMAT, answered, changed_type
from collections_app.jobs.views.results import failure_response, results_response
from collections_app.jobs.waiting import seats
from core_api.background.models import Status
from core_api.rest.dispatch import resource
from core_api.rest.doors import door_of
from core_api.rest.paging import next_link, page_size
from core_api.rest.query import query_of
from core_api.rest.responses import data_response


def _landing(request: HttpRequest) -> HttpResponse:
    return answered(request, query_of(request).only((FORMAT,)), landing())


def _conformance(request: HttpRequest) -> HttpResponse:
    return answered(request, query_of(request).only((FORMAT,)), {"conformsTo": CONFORMS_TO})


def _list(request: HttpRequest) -> HttpResponse:
    query = query_of(request).only(("limit", "after", FORMAT))
    limit, after = page_size(query), query.get("after", "")
    following = (each for each in processes.everything() if each.id > after)
    found = list(islice(following, limit + 1))
    headers, href = {}, ""
    if len(found) > limit:
        headers["Link"] = next_link(paths.PROCESSES, query, found[limit - 1].id)
        href = headers["Link"][1:].partition(">")[0]
    items = map(summary, found[:limit])
    return answered(request, query, page("processes", paths.PROCESSES, items, href), headers)


def _get(request: HttpRequest, process_id: str) -> HttpResponse:
    query = query_of(request).only((FORMAT,))
    return answered(request, query, description(services.process(process_id)))


def _execute(request: HttpRequest, process_id: str) -> HttpResponseBase:
    query = query_of(request).only((WAIT, KEY, FORMAT))
    process = services.process(process_id)
    preferred, key = preferences(request, query), idempotency_key(request, query)
    media_type = changed_type(request, query)
    body = bodies.executed(request)
    job = services.execute(process, execution.parse(process, body), key, body)
    waited = False
    if preferred.wait:
        with seats.one_of(_threads(request) // 2) as waited:
            job = services.awaited(job, preferred.wait) if waited else job
    headers = preferred.applied(waited=waited) | {"Location": escape_uri_path(job.path)}
    if waited and job.status == Status.SUCCESSFUL:
        return results_response(request, query, job, headers)
    if waited and job.status == Status.FAILED:
        return failure_response(request, JobFailed(job, headers))
    return data_response(status(job), media_type, status=201, headers=headers)


def _threads(request: HttpRequest) -> int:
    """How many requests this process answers at once."""
    if door_of(request).constrained:
        return settings.COAPTURE_COAP_THREADS
    return settings.COAPTURE_WEB_THREADS


landing_page = resource(GET=_landing)
conformance = resource(GET=_conformance)
collection = resource(GET=_list)
process = resource(GET=_get)
executions = resource(POST=_execute)
