"""/openapi.json and /docs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from openapi_spec_validator import validate


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield re.sub(r"<\w+:(\w+)>", lambda found: "{" + camel(found[1]) + "}", route)


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.title() for word in tail)


def schema(client: Client) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.status_code == 200
    return response.json()


def test_valid_openapi_3_1(client: Client) -> None:
    document = schema(client)
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_is_described(client: Client) -> None:
    assert set(schema(client)["paths"]) == set(routes(get_resolver().url_patterns))


def test_bodies_are_described_as_json_and_cbor(client: Client) -> None:
    content = schema(client)["paths"]["/collections/images"]["post"]["requestBody"]["content"]
    assert {"application/json", "application/cbor", "multipart/form-data", "image/*"} <= set(
        content
    )


@pytest.mark.parametrize("url", ["/openapi.json", "/docs"])
def test_etag(client: Client, url: str) -> None:
    etag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304


def test_docs_load_nothing_from_elsewhere(client: Client) -> None:
    response = client.get("/docs")
    assert response.status_code == 200
    page = response.content.decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert all(link.startswith("/static/") for link in links)
    for link in links:
        file = client.get(link)
        assert file.status_code == 200, link
        assert b"".join(file.streaming_content)
        file.close()
