"""The OpenAPI 3.1 description of plain Django views, beside what drf-spectacular finds itself."""

import re
from typing import Any

from django.http import HttpRequest

Item = dict[str, Any]

PROBLEM: Item = {
    "type": "object",
    "description": "Problem details (RFC 9457); over CoAP and CBOR in the form of RFC 9290.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "a JSON Pointer (RFC 6901)"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

_paths: dict[str, Item] = {}
_schemas: dict[str, Item] = {"Problem": PROBLEM}


def describe(paths: dict[str, Item], schemas: dict[str, Item] | None = None) -> None:
    """Add path items and component schemas (OpenAPI 3.1) to /openapi.json."""
    for path, item in paths.items():
        # drf-spectacular knows no parameters of a whole path.
        shared = item.get("parameters", [])
        _paths[path] = {
            method: operation
            | {
                "operationId": _operation_id(method, path),
                "parameters": shared + operation.get("parameters", []),
            }
            for method, operation in item.items()
            if method != "parameters"
        }
    _schemas.update(schemas or {})


def add_registered_paths(
    result: Item,
    generator: object,  # noqa: ARG001
    request: HttpRequest | None,  # noqa: ARG001
    public: bool,  # noqa: ARG001
) -> Item:
    """The postprocessing hook of drf-spectacular."""
    result["paths"] = dict(sorted(((result.get("paths") or {}) | _paths).items()))
    result.setdefault("components", {}).setdefault("schemas", {}).update(_schemas)
    return result


def _operation_id(method: str, path: str) -> str:
    # A path and the same with a slash at its end are two.
    words = re.findall(r"\w+", path) + ["slash"] * (len(path) > 1 and path.endswith("/"))
    return method + "".join(word[0].upper() + word[1:] for word in words)


def ref(name: str) -> Item:
    """A reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def parameter(name: str, description: str, schema: Item | None = None, **more: Any) -> Item:
    """A query parameter, or one of the path with `in_="path"`."""
    where = more.pop("in_", "query")
    item = {"name": name, "in": where, "description": description}
    if where == "path":
        item["required"] = True
    return item | {"schema": schema or {"type": "string"}} | more


def content(schema: Item, *media_types: str) -> Item:
    """The same schema in each of the media types."""
    return {media_type: {"schema": schema} for media_type in media_types}


def answers(good: dict[int, Item], *problems: int) -> Item:
    """Responses: the good ones as given, and a problem for each of the other statuses."""
    problem = content(
        ref("Problem"), "application/problem+json", "application/concise-problem-details+cbor"
    )
    bad = {
        str(status): {"description": _REASONS[status], "content": problem} for status in problems
    }
    return {str(status): item for status, item in good.items()} | bad


_REASONS = {
    400: "Something in the request is wrong; errors name the fields.",
    403: "Who asks does not show that it may.",
    404: "There is nothing there.",
    406: "No representation is of a type that Accept names.",
    409: "Another image is stored for this device and time.",
    412: "If-Match or If-None-Match does not hold.",
    413: "The body is too large.",
    415: "The body is of a type that is not taken.",
    416: "The range lies outside the bytes.",
    422: "The bytes are no image that is accepted.",
    503: "Busy; Retry-After says when to try again.",
}
