"""/jobs/{id}/results and each result by its name."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from collections_app.jobs import paths, services
from collections_app.jobs.execution import RAW, REFERENCE, VALUE
from collections_app.jobs.representations import document, is_link
from collections_app.jobs.services import JobFailed, ResultFile
from collections_app.jobs.views.documents import FORMAT, answered
from core_api.background.models import Job
from core_api.errors import NotFound
from core_api.rest.conditional import etag_of, respond, respond_file
from core_api.rest.dispatch import resource
from core_api.rest.negotiation import JSON
from core_api.rest.query import Query, query_of
from core_api.rest.responses import problem_response
from core_api.wire import jsontext

# A file that is asked for by value, in a document, may have so many bytes; else it is a link.
INLINE = 8 * 2**20
# JSON as we write it has no line breaks: no part can hold this line.
BOUNDARY = "result"
# What stays as it is in the target of a link (RFC 3986), and what percent-encoding makes.
_URI = ":/?#[]@!$&'()*+,;=%"

Headers = Mapping[str, str]


def _results(request: HttpRequest, job_id: str) -> HttpResponseBase:
    query = query_of(request).only((FORMAT,))
    job = services.job(job_id)
    try:
        return results_response(request, query, job, {})
    except JobFailed as error:
        return failure_response(request, error)


def _result(request: HttpRequest, job_id: str, name: str) -> HttpResponseBase:
    query = query_of(request).only((FORMAT,))
    job = services.job(job_id)
    outputs = services.outputs(job)
    file = services.result_file(job, name)
    if file is not None:
        return _file_response(request, job, name, file, {})
    if name not in outputs:
        raise NotFound("The job has no result of this name.")
    return answered(request, query, outputs[name])


def failure_response(request: HttpRequest, error: JobFailed) -> HttpResponse:
    """Why the job failed, in place of its results."""
    response = problem_response(request, error)
    # The worker's log has it; Django would log every look at it as an error of ours.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def results_response(
    request: HttpRequest, query: Query, job: Job, headers: Headers
) -> HttpResponseBase:
    """The results as the execution asked for them: a document, or raw.

    Raises what `services.outputs` does where there are none.
    """
    outputs = services.outputs(job)
    modes: dict[str, str | None] = job.options.get("outputs") or dict.fromkeys(outputs)
    outputs = {name: value for name, value in outputs.items() if name in modes}
    if job.options.get("response") == RAW and outputs:
        return _raw(request, query, job, outputs, modes, headers)
    values = document(job, outputs, modes)
    for name, value in outputs.items():
        if modes[name] == VALUE and is_link(value):
            values[name] = _inline(job, value)
    return answered(request, query, values, headers)


def _raw(
    request: HttpRequest,
    query: Query,
    job: Job,
    outputs: dict[str, Any],
    modes: dict[str, str | None],
    headers: Headers,
) -> HttpResponseBase:
    """One output is the body itself, several are parts; those by reference are links alone."""
    if all(modes[name] == REFERENCE for name in outputs):
        links = ", ".join(
            f'<{_target(job, name, value)}>; rel="{quote(name, safe="")}"'
            for name, value in outputs.items()
        )
        return HttpResponse(status=204, headers={**headers, "Link": links})
    if len(outputs) > 1:
        return _parts(request, document(job, outputs, modes), headers)
    (value,) = outputs.values()
    if not is_link(value):
        return answered(request, query, value, headers)
    name = value["href"].rpartition("/")[2]
    file = services.result_file(job, name)
    if file is None:
        return answered(request, query, value, headers)
    return _file_response(request, job, name, file, headers)


def _target(job: Job, name: str, value: Any) -> str:
    """Where an output is found, as a URI: a process may give any text for one."""
    return quote(value["href"], safe=_URI) if is_link(value) else paths.result(job, name)


def _parts(request: HttpRequest, values: dict[str, Any], headers: Headers) -> HttpResponse:
    """multipart/related (RFC 2387): a part for each output, its name the Content-ID.

    A name is written as in the URL that means the part (RFC 2392).
    """
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-ID: <{name}>\r\nContent-Type: {JSON}\r\n\r\n".encode()
        + jsontext.encode(value)
        + b"\r\n"
        for name, value in ((quote(name, safe=""), value) for name, value in values.items())
    )
    body += f"--{BOUNDARY}--\r\n".encode()
    media_type = f'multipart/related; type="{JSON}"; boundary={BOUNDARY}'
    return respond(request, body, media_type, etag=etag_of(body), headers=headers)


def _inline(job: Job, link: dict[str, Any]) -> Any:
    """The file as base64 text in a qualified value; the link itself where it is too large."""
    file = services.result_file(job, link["href"].rpartition("/")[2])
    if file is None:
        return link
    with file.file:
        if file.file.size > INLINE:
            return link
        value = base64.b64encode(file.file.read()).decode()
    return {"value": value, "encoding": "base64", "mediaType": file.media_type}


def _file_response(
    request: HttpRequest, job: Job, name: str, file: ResultFile, headers: Headers
) -> HttpResponseBase:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return respond_file(
        request,
        file.file,
        file.file.size,
        file.media_type,
        # Nothing overwrites the file of an attempt.
        etag=etag_of(str(job.pk).encode(), str(job.token).encode(), name.encode()),
        modified=job.finished,
        headers=disposition | dict(headers),
    )


results = resource(GET=_results)
result = resource(GET=_result)
