"""What goes in and out of the image collection, as schemas of OpenAPI 3.1."""

from typing import Any

from collections_app.images.fetch import KEYS
from core_api.rest.paging import MAX_LIMIT
from core_api.rest.schema import ref

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
            "decodable": {
                "const": False,
                "description": "there where no decoder reads the image; it stays as received",
            },
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
    "ImageBatch": {
        "type": "array",
        "items": ref("NewImage"),
        "description": "many images; one that is wrong costs the others nothing",
    },
    "SenMLPack": {
        "type": "array",
        "description": (
            "SenML (RFC 8428). Posted: the resolved name is the deviceId, `t` the time, `vd` the "
            "image. Listed: `bn` the collection, `n` deviceId/stamp, `vs` the path or `vd` the "
            "bytes."
        ),
        "items": {
            "type": "object",
            "properties": {
                "bn": {"type": "string"},
                "bt": {"type": "number"},
                "n": {"type": "string"},
                "t": {"type": "number"},
                "vs": {"type": "string"},
                "vd": {"type": "string", "contentEncoding": "base64url"},
                "ct": {"type": "string", "description": "the image's media type (RFC 9193)"},
            },
        },
    },
    "BatchResult": {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"type": "integer", "description": "201, 200, or the problem's"},
            "href": {"type": "string", "format": "uri-reference"},
            "problem": ref("Problem"),
        },
    },
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
