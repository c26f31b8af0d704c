"""Unfinished uploads in OpenAPI 3.1."""

from typing import Any

from core_api.rest.negotiation import CBOR, JSON
from core_api.rest.schema import answers, content, parameter, ref
from core_api.uploads.fields import COMPLETE, LENGTH, OFFSET, PARTIAL

Item = dict[str, Any]
ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
COUNT = {"type": "integer", "minimum": 0}

SCHEMAS: dict[str, Item] = {
    "Upload": {
        "type": "object",
        "required": ["id", "deviceId", "received", "next", "expires"],
        "properties": {
            "id": ID,
            "deviceId": {"type": ["string", "null"]},
            "received": COUNT | {"description": "bytes that have arrived"},
            "next": COUNT | {"description": "the number of the block that is to follow"},
            "expires": {"type": "string", "format": "date-time"},
        },
    }
}
UPLOAD = content(ref("Upload"), JSON, CBOR)
FORMAT = parameter("format", "overrides Accept", {"type": "string", "enum": ["json", "cbor"]})
SHOWN = [
    parameter("token", "from the Location that the creation gave"),
    parameter("sha256", "the image's digest, where the upload's own query has it"),
]
_UNCHANGED = {"description": "The client has it (ETag)."}


def _field(name: str, description: str, schema: Item, *, required: bool = True) -> Item:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "required": required,
        "schema": schema,
    }


_FIELDS = [
    _field(OFFSET, "where in the upload the body begins, in bytes", COUNT),
    _field(COMPLETE, "?1 where the body is the rest, else ?0", {"type": "string"}),
    _field(LENGTH, "bytes of the whole upload", COUNT, required=False),
]

PATHS: dict[str, Item] = {
    "/uploads": {
        "get": {
            "summary": "The unfinished uploads that are kept in files",
            "parameters": [
                parameter("deviceId", "those of this device"),
                parameter("limit", "uploads a page", COUNT | {"minimum": 1, "maximum": 1000}),
                parameter("after", "the cursor that a Link with rel=next carries"),
                FORMAT,
            ],
            "responses": answers(
                {
                    200: {
                        "description": "A page, by id; Link leads to the next.",
                        "content": content({"type": "array", "items": ref("Upload")}, JSON, CBOR),
                    },
                    304: _UNCHANGED,
                },
                *(400, 406),
            ),
        }
    },
    "/uploads/{uploadId}": {
        "parameters": [parameter("uploadId", "the upload", ID, in_="path")],
        "get": {
            "summary": "How far the upload is",
            "parameters": [FORMAT],
            "responses": answers(
                {
                    200: {"description": "Also in Upload-Offset.", "content": UPLOAD},
                    304: _UNCHANGED,
                },
                *(400, 404, 406, 503),
            ),
        },
        "patch": {
            "summary": "Append to the upload (draft-ietf-httpbis-resumable-upload)",
            "parameters": _FIELDS + SHOWN,
            "requestBody": {
                "required": True,
                "content": {PARTIAL: {"schema": {"type": "string", "format": "binary"}}},
            },
            "responses": answers(
                {
                    200: {"description": "The image was there already."},
                    201: {"description": "The upload is complete, and its image is stored."},
                    204: {"description": "Appended; Upload-Offset says what is to follow."},
                },
                *(400, 403, 404, 409, 413, 415, 422, 503),
            ),
        },
        "delete": {
            "summary": "Give the upload up",
            "parameters": SHOWN,
            "responses": answers(
                {204: {"description": "Its bytes are deleted."}}, 400, 403, 404, 503
            ),
        },
    },
}
