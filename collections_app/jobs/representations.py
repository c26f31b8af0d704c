"""What clients see of processes and jobs (OGC 18-062r2)."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from collections_app.jobs import paths, queries
from collections_app.jobs.parameters.base import Parameter
from collections_app.jobs.processes import Process
from collections_app.jobs.queries import Cursor
from core_api.background.models import Job, Status
from core_api.rest.negotiation import CBOR, JSON
from core_api.wire.errors import field_error
from core_api.wire.times import parse_stamp, to_rfc3339, to_stamp

Json = dict[str, Any]
OGC = "http://www.opengis.net/def/rel/ogc/1.0"
CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "json", "job-list", "dismiss")
)


def link(href: str, rel: str, title: str = "", media_type: str = JSON) -> Json:
    """A link as OGC's schemas have it."""
    return {"href": href, "rel": rel, "type": media_type} | ({"title": title} if title else {})


def landing() -> Json:
    """The landing page."""
    return {
        "title": "coapture",
        "description": "A CoRE (RFC 6690) image server that runs processes.",
        "links": [
            link(paths.LANDING, "self", "This document"),
            link(paths.LANDING, "alternate", "This document as CBOR", CBOR),
            link("/openapi.json", "service-desc", "The API", "application/vnd.oai.openapi+json"),
            link("/docs", "service-doc", "The API, for people", "text/html"),
            link(paths.CONFORMANCE, f"{OGC}/conformance", "What this server conforms to"),
            link(paths.PROCESSES, f"{OGC}/processes", "The processes"),
            link(paths.JOBS, f"{OGC}/job-list", "The jobs"),
            link("/collections", "data", "The collections"),
        ],
    }


def summary(process: Process) -> Json:
    """What a list says of a process."""
    facts: Json = {
        "id": process.id,
        "title": process.title,
        "version": process.version,
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
        "links": [link(paths.process(process.id), "self", "The process")],
    }
    if process.description:
        facts["description"] = process.description
    if process.keywords:
        facts["keywords"] = list(process.keywords)
    return facts


def description(process: Process) -> Json:
    """All that is said of a process: its inputs and outputs with their JSON Schemas."""
    execute = link(paths.execution(process.id), f"{OGC}/execute", "Execute it by POST")
    facts = summary(process)
    return facts | {
        "links": [*facts["links"], execute],
        "inputs": {each.name: _input(each) for each in process.inputs},
        "outputs": {each.name: _described(each) for each in process.outputs},
    }


def status(job: Job, *, complete: bool = True) -> Json:
    """A job's status (statusInfo.yaml); the details of its parts only where it is `complete`.

    Inputs that are long are found at a link.
    """
    facts: Json = {
        "jobID": str(job.pk),
        "processID": job.task,
        "type": "process",
        "status": str(job.status),
        "progress": job.progress,
        "message": _message(job),
        "created": to_rfc3339(job.created),
        "updated": to_rfc3339(job.updated),
        "links": _status_links(job),
    }
    if (inputs := queries.short_inputs(job)) is not None:
        facts["inputs"] = inputs
    if job.started is not None:
        facts["started"] = to_rfc3339(job.started)
    if job.finished is not None:
        facts["finished"] = to_rfc3339(job.finished)
    if job.status == Status.FAILED and job.error:
        facts["exception"] = job.error
    if complete and job.details is not None:
        facts["details"] = job.details
    return facts


def page(name: str, path: str, items: Iterable[Json], following: str = "") -> Json:
    """A page of a list: its items under `name`, and the links to itself and to the next page."""
    links = [link(path, "self", "This list")]
    if following:
        links.append(link(following, "next", "The next page"))
    return {name: list(items), "links": links}


def document(job: Job, outputs: dict[str, Any], modes: dict[str, str | None]) -> Json:
    """The outputs by name: plain values, links, and objects as qualified values (results.yaml)."""
    return {name: _result(job, name, value, modes.get(name)) for name, value in outputs.items()}


def cursor(job: Job) -> str:
    """The job's place in a list, for `after=`."""
    return f"{to_stamp(job.created)},{job.pk}"


def parse_cursor(text: str) -> Cursor:
    """The place that `after` names; FieldErrors where it is none."""
    stamp, _, job_id = text.partition(",")
    try:
        return Cursor(parse_stamp(stamp, "/after"), uuid.UUID(job_id))
    except ValueError:
        raise field_error("/after", "is not a place in this list") from None


def is_link(value: object) -> bool:
    """Whether an output's value is a link to where it is found (link.yaml)."""
    return isinstance(value, dict) and isinstance(value.get("href"), str)


def _described(parameter: Parameter) -> Json:
    facts: Json = {"title": parameter.title or parameter.name, "schema": parameter.schema()}
    if parameter.description:
        facts["description"] = parameter.description
    return facts


def _input(parameter: Parameter) -> Json:
    return _described(parameter) | {"minOccurs": int(parameter.required), "maxOccurs": 1}


def _message(job: Job) -> str:
    if job.status == Status.FAILED and job.error:
        return str(job.error.get("detail") or job.message)
    return job.message


def _status_links(job: Job) -> Sequence[Json]:
    links = [
        link(job.path, "self", "The job"),
        link(paths.process(job.task), "process", "The process"),
    ]
    if queries.short_inputs(job) is None:
        links.append(link(paths.inputs(job), "inputs", "Its inputs, which are long"))
    if job.status == Status.SUCCESSFUL:
        links.append(link(paths.results(job), f"{OGC}/results", "The results"))
    if job.status == Status.FAILED:
        problem = "application/problem+json"
        links.append(link(paths.results(job), f"{OGC}/exceptions", "Why it failed", problem))
    return links


def _result(job: Job, name: str, value: Any, mode: str | None) -> Any:
    if is_link(value):
        return value
    if mode == "reference":
        return {"href": paths.result(job, name), "type": JSON}
    return {"value": value} if isinstance(value, dict) else value
