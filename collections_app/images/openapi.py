"""The image collection in OpenAPI 3.1."""

from typing import Any

from collections_app.images.bodies import MERGE_PATCH
from collections_app.images.fetch import QUERIES
from collections_app.images.schemas import PAGE_SIZE, SCHEMAS
from collections_app.images.variants.parameters import FITS, FORMATS
from collections_app.imaging.operations import LONGEST
from core_api.rest.negotiation import (
    CBOR,
    CSV,
    HTML,
    JSON,
    JSON_LINES,
    LINK_FORMAT,
    NDJSON,
    OCTETS,
    SENML_CBOR,
    SENML_JSON,
    TAR,
)
from core_api.rest.schema import answers, content, parameter, ref
from core_api.wire import batch

__all__ = ["PATHS", "SCHEMAS"]

Item = dict[str, Any]
BYTES = {"schema": {"type": "string", "format": "binary"}}
IMAGE_BODY = {"image/*": BYTES, OCTETS: BYTES}
METADATA = content(ref("Image"), JSON, CBOR)
LIST = (
    content({"type": "array", "items": ref("Image")}, JSON, CBOR)
    | content({"type": "string"}, LINK_FORMAT, CSV, HTML)
    | content({"type": "string", "description": "one Image a line"}, JSON_LINES, NDJSON)
    | content(ref("SenMLPack"), SENML_JSON, SENML_CBOR)
    | {TAR: BYTES}
)
FORMAT = parameter(
    "format", "overrides Accept", {"type": "string", "enum": ["json", "cbor", "link"]}
)
LIST_FORMAT = parameter(
    "format",
    "overrides Accept",
    {
        "type": "string",
        "enum": ["json", "cbor", "link", "senml", "csv", "jsonl", "tar", "html"],
    },
)
DATA = parameter(
    "data", "1: a SenML list carries the bytes", {"type": "string", "enum": ["0", "1"]}
)
FILTERS = [
    parameter("from", "the earliest timestamp"),
    parameter("to", "the latest timestamp"),
    parameter("title", "is contained in the title"),
    parameter("near", "latitude,longitude,km"),
    parameter("limit", "images a page", PAGE_SIZE),
    parameter("after", "the cursor that a Link with rel=next carries"),
    LIST_FORMAT,
    DATA,
]
DEVICE = parameter("deviceId", "the device", in_="path")
STAMP = parameter("stamp", "YYYYMMDDTHHMMSS[.ffffff]Z, or RFC 3339", in_="path")
BY_QUERY = [parameter("deviceId", "the device"), parameter("timestamp", "the time")]

SIDE = {"type": "integer", "minimum": 1, "maximum": LONGEST}
VARIANT = [
    parameter("w", "a variant of this width", SIDE),
    parameter("h", "a variant of this height", SIDE),
    parameter("fit", "how w and h are filled", {"type": "string", "enum": list(FITS)}),
    parameter("crop", "left,top,width,height in pixels of the image, before all else"),
    parameter("rotate", "degrees clockwise", {"type": "integer", "enum": [90, 180, 270]}),
    parameter("blur", "the size of a Gaussian kernel: odd, or 0 for a sigma of 1"),
    parameter("fmt", "the format, over Accept", {"type": "string", "enum": list(FORMATS)}),
    parameter("q", "the quality", {"type": "integer", "minimum": 1, "maximum": 100}),
    parameter("expires", "of a signed URL: Unix seconds", {"type": "integer"}),
    parameter("sig", "of a signed URL"),
]

_STORED = {"description": "Stored, and it survives a crash.", "content": METADATA}
_KNOWN = {"description": "The same image was there already.", "content": METADATA}
_RESULTS = {
    "description": "Of many images at least one is stored or was there; the result of each.",
    "content": content({"type": "array", "items": ref("BatchResult")}, JSON, CBOR),
}
_BYTES = {
    "description": "The bytes as they were sent, a variant, or the metadata after Accept.",
    "content": {"image/*": BYTES, **METADATA},
}
_LIST = {
    "description": "A page, newest first; Link leads to the next.",
    "headers": {
        "Left-Out": {
            "description": "images whose device no SenML name can carry",
            "schema": {"type": "integer"},
        }
    },
    "content": LIST,
}
_UNCHANGED = {"description": "The client has it (ETag)."}


def _read(summary: str, parameters: list[Item]) -> Item:
    part = {"description": "The range that was asked for."}
    good: dict[int, Item] = {200: _BYTES, 206: part, 304: _UNCHANGED}
    return {
        "summary": summary,
        "parameters": parameters,
        "responses": answers(good, 400, 403, 404, 406, 412, 416, 422, 503),
    }


def _put(parameters: list[Item]) -> Item:
    return {
        "summary": "Store or replace the image",
        "parameters": parameters,
        "requestBody": {"required": True, "content": IMAGE_BODY},
        "responses": answers(
            {200: {"description": "Replaced.", "content": METADATA}, 201: _STORED},
            *(400, 412, 413, 415, 422, 503),
        ),
    }


def _patch(parameters: list[Item]) -> Item:
    return {
        "summary": "Change title, location or meta (RFC 7396)",
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": content(ref("ImageChanges"), MERGE_PATCH, JSON, CBOR),
        },
        "responses": answers(
            {200: {"description": "Changed.", "content": METADATA}}, 400, 404, 412, 415, 503
        ),
    }


def _delete(parameters: list[Item]) -> Item:
    return {
        "summary": "Delete the image",
        "parameters": parameters,
        "responses": answers({204: {"description": "Deleted."}}, 400, 404, 412, 503),
    }


# OpenAPI 3.1 has no word for this method; 3.2 calls it `query`.
X_QUERY = "x-query"
QUERY = {
    "summary": "The list by QUERY (RFC 10008); over CoAP this is FETCH",
    "parameters": [LIST_FORMAT, DATA],
    "requestBody": {"required": True, "content": content(ref("ImageQuery"), *QUERIES)},
    "responses": answers({200: _LIST, 304: _UNCHANGED}, 400, 406, 412, 413, 415),
}

POST = {
    "summary": "Store one image, or many",
    "parameters": [
        parameter("deviceId", "for a raw or form body (also d)"),
        parameter("timestamp", "for a raw or form body (also t)"),
    ],
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"oneOf": [ref("NewImage"), ref("ImageBatch")]}},
            CBOR: {"schema": {"oneOf": [ref("NewImageCBOR"), ref("ImageBatch")]}},
            batch.CBOR_SEQ: {"schema": ref("NewImageCBOR")},
            **content(ref("SenMLPack"), *batch.SENML),
            "multipart/form-data": {"schema": ref("ImageForm")},
            **IMAGE_BODY,
        },
    },
    "responses": answers({200: _KNOWN, 201: _STORED, 207: _RESULTS}, 400, 409, 413, 415, 422, 503),
}

PATHS: dict[str, Item] = {
    "/collections/images": {
        "get": _read("One image by deviceId and timestamp, or a list", BY_QUERY + FILTERS + VARIANT)
        | {"description": "With fewer parameters and an Accept that names a list: the list."},
        X_QUERY: QUERY,
        "post": POST,
        "put": _put(BY_QUERY),
        "patch": _patch(BY_QUERY),
        "delete": _delete(BY_QUERY),
    },
    "/collections/images/{deviceId}": {
        "parameters": [DEVICE],
        "get": {
            "summary": "The images of a device",
            "parameters": FILTERS,
            "responses": answers({200: _LIST, 304: _UNCHANGED}, 400, 406),
        },
        X_QUERY: QUERY,
    },
    "/collections/images/{deviceId}/latest": {
        "parameters": [DEVICE],
        "get": _read("The newest image of a device, by timestamp", [FORMAT, *VARIANT]),
    },
    "/collections/images/{deviceId}/{stamp}": {
        "parameters": [DEVICE, STAMP],
        "get": _read("The image", [FORMAT, *VARIANT]),
        "put": _put([]),
        "patch": _patch([]),
        "delete": _delete([]),
    },
}
