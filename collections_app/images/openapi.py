"""The image collection in OpenAPI 3.1."""

from typing import Any

from collections_app.images.bodies import MERGE_PATCH
from collections_app.images.fetch import KEYS, QUERIES
from core_api.rest.negotiation import CBOR, JSON, LINK_FORMAT, OCTETS
from core_api.rest.paging import MAX_LIMIT
from core_api.rest.schema import answers, content, parameter, ref

Item = dict[str, Any]
DATE_TIME = {"type": "string", "format": "date-time"}
LOCATION = {
    "type": "array",
    "prefixItems": [{"type": "number"}, {"type": "number"}],
    "minItems": 2,
    "maxItems": 2,
    "description": "latitude and longitude in degrees (WGS 84)",
}
DESCRIPTION = {
    "title": {"type": "string", "maxLength": 200},
    "location": LOCATION,
    "meta": {"type": "object", "description": "at most 4 KiB"},
}
DEVICE_ID = {"type": ["string", "integer"], "minLength": 1, "maxLength": 100}
TIMESTAMP = {
    "type": ["string", "number"],
    "description": "RFC 3339, Unix seconds, or 0 and below: seconds from the server's clock",
}
PAGE_SIZE = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}

SCHEMAS: dict[str, Item] = {
    "Image": {
        "type": "object",
        "required": [
            *("id", "href", "deviceId", "timestamp"),
            *("mediaType", "width", "height", "size", "sha256"),
        ],
        "properties": {
            "id": {"type": "integer"},
            "href": {"type": "string", "format": "uri-reference"},
            "deviceId": {"type": "string"},
            "timestamp": DATE_TIME,
            "mediaType": {"type": "string"},
            "width": {"type": "integer", "description": "pixels"},
            "height": {"type": "integer", "description": "pixels"},
            "size": {"type": "integer", "description": "bytes of the original"},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            **DESCRIPTION,
        },
    },
    "NewImage": {
        "type": "object",
        "required": ["deviceId", "timestamp", "imageData"],
        "properties": {
            "deviceId": DEVICE_ID,
            "timestamp": TIMESTAMP,
            "imageData": {"type": "string", "contentEncoding": "base64"},
            "sha256": {"type": "string", "description": "hex; checked against the image"},
            **DESCRIPTION,
        },
    },
    "NewImageCBOR": {
        "type": "object",
        "description": (
            "A CBOR map (RFC 8949) with these keys as text, or the integers 1 deviceId, "
            "2 timestamp, 3 imageData, 4 mediaType, 5 title, 6 location, 7 sha256, 8 meta. "
            "imageData is a byte string or base64 text; timestamp also tag 0 or 1."
        ),
        "required": ["deviceId", "timestamp", "imageData"],
        "properties": {
            "deviceId": DEVICE_ID,
            "timestamp": TIMESTAMP,
            "imageData": {"type": "string", "format": "binary"},
            "sha256": {"type": "string", "format": "binary"},
            **DESCRIPTION,
        },
    },
    "ImageForm": {
        "type": "object",
        "required": ["image"],
        "properties": {
            "image": {"type": "string", "format": "binary"},
            "deviceId": {"type": "string"},
            "timestamp": {"type": "string"},
            "title": {"type": "string", "maxLength": 200},
            "sha256": {"type": "string"},
        },
    },
    "ImageChanges": {"type": "object", "properties": DESCRIPTION},
    "ImageQuery": {
        "type": "object",
        "description": "In CBOR also with the integer keys "
        + ", ".join(f"{key} {name}" for key, name in KEYS.items()),
        "properties": {
            "deviceId": DEVICE_ID,
            "title": {"type": "string", "description": "is contained in the title"},
            "from": TIMESTAMP | {"description": "the earliest: RFC 3339 or Unix seconds"},
            "to": TIMESTAMP | {"description": "the latest: RFC 3339 or Unix seconds"},
            "near": {
                "type": "array",
                "items": {"type": "number"},
                "minItems": 3,
                "maxItems": 3,
                "description": "latitude, longitude, km",
            },
            "limit": PAGE_SIZE | {"description": "images a page; 100 unless told"},
            "after": {"type": "string", "description": "stamp,id of the last image seen"},
        },
        "additionalProperties": False,
    },
}

BYTES = {"schema": {"type": "string", "format": "binary"}}
IMAGE_BODY = {"image/*": BYTES, OCTETS: BYTES}
METADATA = content(ref("Image"), JSON, CBOR)
LIST = content({"type": "array", "items": ref("Image")}, JSON, CBOR) | {
    LINK_FORMAT: {"schema": {"type": "string"}}
}
FORMAT = parameter(
    "format", "overrides Accept", {"type": "string", "enum": ["json", "cbor", "link"]}
)
FILTERS = [
    parameter("from", "the earliest timestamp"),
    parameter("to", "the latest timestamp"),
    parameter("title", "is contained in the title"),
    parameter("near", "latitude,longitude,km"),
    parameter("limit", "images a page", PAGE_SIZE),
    parameter("after", "the cursor that a Link with rel=next carries"),
    FORMAT,
]
DEVICE = parameter("deviceId", "the device", in_="path")
STAMP = parameter("stamp", "YYYYMMDDTHHMMSS[.ffffff]Z, or RFC 3339", in_="path")
BY_QUERY = [parameter("deviceId", "the device"), parameter("timestamp", "the time")]

_STORED = {"description": "Stored, and it survives a crash.", "content": METADATA}
_KNOWN = {"description": "The same image was there already.", "content": METADATA}
_BYTES = {
    "description": "The bytes as they were sent, or the metadata after Accept.",
    "content": {"image/*": BYTES, **METADATA},
}
_LIST = {"description": "A page, newest first; Link leads to the next.", "content": LIST}
_UNCHANGED = {"description": "The client has it (ETag)."}


def _read(summary: str, parameters: list[Item]) -> Item:
    part = {"description": "The range that was asked for."}
    good: dict[int, Item] = {200: _BYTES, 206: part, 304: _UNCHANGED}
    return {
        "summary": summary,
        "parameters": parameters,
        "responses": answers(good, 400, 404, 406, 412, 416),
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
    "parameters": [FORMAT],
    "requestBody": {"required": True, "content": content(ref("ImageQuery"), *QUERIES)},
    "responses": answers({200: _LIST, 304: _UNCHANGED}, 400, 406, 412, 413, 415),
}

POST = {
    "summary": "Store one image",
    "parameters": [
        parameter("deviceId", "for a raw or form body (also d)"),
        parameter("timestamp", "for a raw or form body (also t)"),
    ],
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": ref("NewImage")},
            CBOR: {"schema": ref("NewImageCBOR")},
            "multipart/form-data": {"schema": ref("ImageForm")},
            **IMAGE_BODY,
        },
    },
    "responses": answers({200: _KNOWN, 201: _STORED}, 400, 409, 413, 415, 422, 503),
}

PATHS: dict[str, Item] = {
    "/collections/images": {
        "get": _read("One image by deviceId and timestamp, or a list", BY_QUERY + FILTERS)
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
        "get": _read("The newest image of a device, by timestamp", [FORMAT]),
    },
    "/collections/images/{deviceId}/{stamp}": {
        "parameters": [DEVICE, STAMP],
        "get": _read("The image", [FORMAT]),
        "put": _put([]),
        "patch": _patch([]),
        "delete": _delete([]),
    },
}
