"""The geoprocessing API as published: a job, its inputs as text of JSON, and its status to poll.

It is a thin translation of /processes and /jobs. Clients that know only this one see the same
jobs under other names.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from django.urls import path

from collections_app.jobs import processes, services
from collections_app.jobs.bodies import storable
from collections_app.jobs.execution import Execution, input_errors
from collections_app.jobs.representations import is_link
from core_api.background.models import Job, Status
from core_api.errors import BadRequest, UnsupportedMediaType
from core_api.rest.bodies import read_body, read_form
from core_api.rest.conditional import etag_of, respond
from core_api.rest.dispatch import resource
from core_api.rest.negotiation import JSON
from core_api.rest.query import MAX_FIELDS
from core_api.rest.responses import data_response, encode
from core_api.rest.schema import answers, content, parameter, ref
from core_api.wire import jsontext
from core_api.wire.errors import FieldErrors, PayloadError, field_error
from core_api.wire.media import base_type
from core_api.wire.times import to_rfc3339

JOBS = "/geoprocessing/rest/jobs"
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
POSTS = (FORM, MULTIPART, JSON)
STATUSES: Mapping[str, str] = {
    Status.ACCEPTED: "pending",
    Status.RUNNING: "started",
    Status.SUCCESSFUL: "success",
    Status.FAILED: "failure",
    Status.DISMISSED: "failure",
}
# Where a job keeps the text of its inputs: clients get it back as they wrote it.
TEXT = "text"


def _post(request: HttpRequest) -> HttpResponse:
    fields = _fields(request)
    name, text = fields.get("job"), fields.get("inputs", "{}")
    if not isinstance(name, str) or not name:
        raise field_error("/job", "is required")
    process = processes.find(name)
    if process is None:
        raise BadRequest(f"There is no job {name[:100]!r}.", pointer="/job")
    inputs = _inputs(text)
    if errors := input_errors(process, inputs):
        raise FieldErrors(errors)
    job = services.execute(process, Execution(inputs, more={TEXT: text}))
    headers = {"Location": f"{JOBS}/{job.pk}/"}
    return data_response(_represented(job), JSON, status=201, headers=headers)


def _get(request: HttpRequest, job_id: str) -> HttpResponse:
    body = encode(_represented(services.job(job_id)), JSON)
    return respond(request, body, JSON, etag=etag_of(body))


def _fields(request: HttpRequest) -> Mapping[str, Any]:
    """The fields of the request, in whichever of the three forms they come."""
    media_type = base_type(request.META.get("CONTENT_TYPE") or "")
    if media_type not in POSTS:
        raise UnsupportedMediaType("A job comes as a form or as JSON.", POSTS)
    body = read_body(request)
    if media_type == MULTIPART:
        return read_form(request, body)[0]
    if media_type == FORM:
        return _form(body)
    value = jsontext.decode(body)
    if not isinstance(value, dict):
        raise PayloadError("This must be a map with job and inputs.")
    return value


def _form(body: bytes) -> Mapping[str, str]:
    try:
        text = body.decode()
        return dict(
            parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        )
    except ValueError:
        raise PayloadError("The form is malformed.") from None


def _inputs(text: object) -> dict[str, Any]:
    """The inputs that the text of JSON holds."""
    if not isinstance(text, str):
        raise field_error("/inputs", "must be text that holds a JSON object")
    try:
        inputs = storable(jsontext.decode(text.encode("utf-8", "replace")))
    except PayloadError as error:
        raise BadRequest(error.detail, pointer="/inputs") from None
    if not isinstance(inputs, dict):
        raise field_error("/inputs", "must be text that holds a JSON object")
    return inputs


def _represented(job: Job) -> dict[str, str]:
    found = services.outputs(job) if job.status == Status.SUCCESSFUL else {}
    outputs = {name: _output(value) for name, value in found.items()}
    return {
        "uuid": str(job.pk),
        "job": job.task,
        "created": to_rfc3339(job.created),
        "status": STATUSES[job.status],
        "inputs": job.options.get(TEXT) or _text(services.inputs(job)),
        "outputs": _text(outputs),
    }


def _output(value: Any) -> Any:
    """The value itself; of a file where it is found."""
    return value["href"] if is_link(value) else value


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


collection = resource(POST=_post)
job = resource(GET=_get)
# Both spellings: clients of the published system end them with a slash.
urlpatterns = [
    path("", collection),
    path("/", collection),
    path("/<str:job_id>", job),
    path("/<str:job_id>/", job),
]

_TEXT = {"type": "string", "description": "a JSON object, as text"}
_JOB = {
    "type": "object",
    "required": ["uuid", "job", "created", "status", "inputs", "outputs"],
    "properties": {
        "uuid": {"type": "string", "format": "uuid"},
        "job": {"type": "string"},
        "created": {"type": "string", "format": "date-time"},
        "status": {"type": "string", "enum": ["pending", "started", "success", "failure"]},
        "inputs": _TEXT,
        "outputs": _TEXT,
    },
}
_NEW = {
    "type": "object",
    "required": ["job"],
    "properties": {"job": {"type": "string"}, "inputs": _TEXT},
}
_ANSWER = content(ref("GeoprocessingJob"), JSON)
_COLLECTION = {
    "post": {
        "summary": "Start a job (the published geoprocessing API)",
        "requestBody": {"required": True, "content": content(ref("NewGeoprocessingJob"), *POSTS)},
        "responses": answers(
            {201: {"description": "The job is accepted.", "content": _ANSWER}}, 400, 413, 415, 503
        ),
    }
}
_ITEM = {
    "parameters": [parameter("jobId", "the job", {"type": "string", "format": "uuid"}, in_="path")],
    "get": {
        "summary": "How far the job is, and its outputs",
        "responses": answers({200: {"description": "The job.", "content": _ANSWER}}, 404),
    },
}
SCHEMAS = {"GeoprocessingJob": _JOB, "NewGeoprocessingJob": _NEW}
PATHS: dict[str, dict[str, Any]] = {
    JOBS: _COLLECTION,
    f"{JOBS}/": _COLLECTION,
    f"{JOBS}/{{jobId}}": _ITEM,
    f"{JOBS}/{{jobId}}/": _ITEM,
}
