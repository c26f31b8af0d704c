"""Processes and jobs in OpenAPI 3.1."""

from typing import Any

from collections_app.jobs.preferences import KEY, MAX_WAIT, WAIT
from collections_app.jobs.views.jobs import TYPES
from core_api.background.models import Status
from core_api.rest.negotiation import CBOR, JSON
from core_api.rest.paging import MAX_LIMIT
from core_api.rest.schema import answers, content, parameter, ref

Item = dict[str, Any]
TEXT = {"type": "string"}
DATE_TIME = {"type": "string", "format": "date-time"}
LINKS = {"type": "array", "items": ref("Link")}
OBJECT = {"type": "object"}
DESCRIBED = {"title": TEXT, "description": TEXT, "schema": OBJECT}
_SUMMARY: Item = {
    "id": TEXT,
    "title": TEXT,
    "description": TEXT,
    "keywords": {"type": "array", "items": TEXT},
    "version": TEXT,
    "jobControlOptions": {"type": "array", "items": TEXT},
    "outputTransmission": {"type": "array", "items": TEXT},
    "links": LINKS,
}
_STATUS: Item = {
    "jobID": {"type": "string", "format": "uuid"},
    "processID": TEXT,
    "type": {"type": "string", "enum": list(TYPES)},
    "status": {"type": "string", "enum": list(Status.values)},
    "progress": {"type": "integer", "minimum": 0, "maximum": 100},
    "message": TEXT,
    **dict.fromkeys(("created", "started", "finished", "updated"), DATE_TIME),
    "inputs": OBJECT | {"description": "where they are short; else a link of rel inputs"},
    "details": {"description": "what the process says of its parts"},
    "exception": ref("Problem"),
    "links": LINKS,
}


def _page(name: str, item: Item) -> Item:
    return {
        "type": "object",
        "required": [name, "links"],
        "properties": {name: {"type": "array", "items": item}, "links": LINKS},
    }


SCHEMAS: dict[str, Item] = {
    "Link": {
        "type": "object",
        "required": ["href"],
        "properties": dict.fromkeys(("href", "rel", "type", "title"), TEXT),
    },
    "LandingPage": {
        "type": "object",
        "required": ["links"],
        "properties": {"title": TEXT, "description": TEXT, "links": LINKS},
    },
    "Conformance": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": TEXT}},
    },
    "ProcessSummary": {"type": "object", "required": ["id", "version"], "properties": _SUMMARY},
    "Process": {
        "type": "object",
        "required": ["id", "version", "inputs", "outputs"],
        "properties": _SUMMARY
        | {
            "inputs": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": DESCRIBED
                    | {"minOccurs": {"type": "integer"}, "maxOccurs": {"type": "integer"}},
                },
            },
            "outputs": {
                "type": "object",
                "additionalProperties": {"type": "object", "properties": DESCRIBED},
            },
        },
    },
    "ProcessList": _page("processes", ref("ProcessSummary")),
    "Execution": {
        "type": "object",
        "properties": {
            "inputs": OBJECT | {"description": "by name; an object may come as {value: {...}}"},
            "outputs": {
                "type": "object",
                "description": "those that are wanted; all where there are none",
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "transmissionMode": {"type": "string", "enum": ["value", "reference"]}
                    },
                },
            },
            "response": {"type": "string", "enum": ["document", "raw"], "default": "document"},
        },
    },
    "Job": {
        "type": "object",
        "required": ["jobID", "type", "status"],
        "properties": _STATUS,
    },
    "JobList": _page("jobs", ref("Job")),
    "Inputs": {"type": "object", "description": "by name", "additionalProperties": True},
    "Results": {
        "type": "object",
        "description": "The outputs by name: values, links, and objects as {value: {...}}.",
        "additionalProperties": True,
    },
}

FORMAT = parameter("format", "overrides Accept", {"type": "string", "enum": ["json", "cbor"]})
_PROCESS_ID = parameter("processId", "the process", in_="path")
_JOB_ID = parameter("jobId", "the job", {"type": "string", "format": "uuid"}, in_="path")
_SECONDS = {"type": "integer", "minimum": 0}
_UNCHANGED = {"description": "The client has it (ETag)."}
_PAGE = [
    parameter("limit", "items a page", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}),
    parameter("after", "the cursor that the link to the next page carries"),
    FORMAT,
]
_PROBLEM = content(
    ref("Problem"), "application/problem+json", "application/concise-problem-details+cbor"
)


def _get(summary: str, schema: str, *problems: int, parameters: list[Item] | None = None) -> Item:
    good: dict[int, Item] = {
        200: {"description": summary + ".", "content": content(ref(schema), JSON, CBOR)},
        304: _UNCHANGED,
    }
    return {
        "summary": summary,
        "parameters": [FORMAT] if parameters is None else parameters,
        "responses": answers(good, 400, 406, *problems),
    }


def _header(name: str, description: str) -> Item:
    return {"name": name, "in": "header", "description": description, "schema": TEXT}


_EXECUTE: Item = {
    "summary": "Execute the process",
    "parameters": [
        _header("Prefer", f"wait=N seconds for the result, at most {MAX_WAIT} (RFC 7240)"),
        _header("Idempotency-Key", "the same key and body give the same job"),
        parameter(WAIT, "as Prefer: wait, for CoAP", _SECONDS),
        parameter(KEY, "as Idempotency-Key, for CoAP"),
        FORMAT,
    ],
    "requestBody": {"content": content(ref("Execution"), JSON, CBOR)},
    "responses": answers(
        {
            200: {
                "description": "The result, where it was waited for.",
                "content": content(ref("Results"), JSON, CBOR),
            },
            201: {
                "description": "The job is accepted; Location leads to it.",
                "content": content(ref("Job"), JSON, CBOR),
            },
            409: {"description": "The request of this key is in progress.", "content": _PROBLEM},
            422: {"description": "The key was used with another body.", "content": _PROBLEM},
            500: {"description": "The job was waited for, and failed.", "content": _PROBLEM},
        },
        *(400, 404, 406, 413, 415, 503),
    ),
}
_FILTERS = [
    parameter("status", "one or more, separated by commas"),
    parameter("processID", "one or more, separated by commas"),
    parameter("type", "process", {"type": "string", "enum": list(TYPES)}),
    parameter("datetime", "created then: an instant, or an interval such as 2026-11-01/.."),
    parameter("minDuration", "seconds that it took, or takes, at least", _SECONDS),
    parameter("maxDuration", "seconds at most", _SECONDS),
]
_FAILED = {500: {"description": "The job failed; this is why.", "content": _PROBLEM}}
_RESULTS = _get("The results", "Results", 404)
_RESULT = _get("One result: a value, or a file's bytes", "Results", 404, 416)

PATHS: dict[str, Item] = {
    "/": {"get": _get("The landing page", "LandingPage")},
    "/conformance": {"get": _get("What this server conforms to", "Conformance")},
    "/processes": {"get": _get("The processes", "ProcessList", parameters=_PAGE)},
    "/processes/{processId}": {
        "parameters": [_PROCESS_ID],
        "get": _get("A process, its inputs and outputs", "Process", 404),
    },
    "/processes/{processId}/execution": {"parameters": [_PROCESS_ID], "post": _EXECUTE},
    "/jobs": {"get": _get("The jobs, newest first", "JobList", parameters=_FILTERS + _PAGE)},
    "/jobs/{jobId}": {
        "parameters": [_JOB_ID],
        "get": _get("A job; Retry-After where it has not ended", "Job", 404),
        "delete": {
            "summary": "Stop the job; remove it where it has ended",
            "parameters": [FORMAT],
            "responses": answers(
                {200: {"description": "Dismissed.", "content": content(ref("Job"), JSON, CBOR)}},
                *(400, 404, 406, 412, 503),
            ),
        },
    },
    "/jobs/{jobId}/inputs": {
        "parameters": [_JOB_ID],
        "get": _get("The inputs of the job, however long", "Inputs", 404),
    },
    "/jobs/{jobId}/results": {
        "parameters": [_JOB_ID],
        "get": _RESULTS | {"responses": _RESULTS["responses"] | answers(_FAILED)},
    },
    "/jobs/{jobId}/results/{name}": {
        "parameters": [_JOB_ID, parameter("name", "the output's, or the file's", in_="path")],
        "get": _RESULT | {"responses": _RESULT["responses"] | answers(_FAILED)},
    },
}
