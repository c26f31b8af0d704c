"""The platform's own resources in OpenAPI 3.1."""

from typing import Any

from core_api.rest.schema import answers, content, parameter

Item = dict[str, Any]
LINKS = {
    "application/link-format": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
    "text/html": {"schema": {"type": "string"}},
}
CRITERIA = [
    parameter(name, "RFC 6690 section 4.1; a trailing * matches the rest")
    for name in ("href", "rt", "if", "rel", "rev", "ct")
]
STATUS = {
    "type": "object",
    "properties": {
        "status": {"type": "string"},
        "parts": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def _discovery(summary: str) -> Item:
    good: dict[int, Item] = {
        200: {"description": "The links; none where nothing matches.", "content": LINKS},
        304: {"description": "The client has it (ETag)."},
    }
    return {
        "get": {"summary": summary, "parameters": CRITERIA, "responses": answers(good, 400, 406)}
    }


def _page(summary: str, media_type: str, schema: Item, *problems: int) -> Item:
    good = {200: {"description": summary, "content": content(schema, media_type)}}
    return {"get": {"summary": summary, "responses": answers(good, *problems)}}


PATHS: dict[str, Item] = {
    "/.well-known/core": _discovery("Every resource of this server (RFC 6690)"),
    "/collections": _discovery("The collections"),
    "/healthz": _page("The process answers", "text/plain", {"type": "string"}),
    "/readyz": _page("Every part is up", "application/json", STATUS, 503),
    "/metrics": _page("Numbers for Prometheus", "text/plain", {"type": "string"}),
    "/openapi.json": _page("This description", "application/json", {"type": "object"}),
    "/docs": _page("This description, for people", "text/html", {"type": "string"}),
}
