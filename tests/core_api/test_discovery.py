"""/.well-known/core and /collections (RFC 6690)."""

import json

import pytest
from django.test import Client

from core_api import discovery
from core_api.wire.linkformat import Link

CORE = "/.well-known/core"
BOTH = pytest.mark.parametrize("url", [CORE, "/collections"])
FIRST = '</collections/images>;rt="simple.act";if="core.b"'


@BOTH
def test_the_published_line_comes_first(client: Client, url: str) -> None:
    response = client.get(url)
    body = response.content.decode()
    assert response["Content-Type"] == "application/link-format"
    assert body == FIRST or body.startswith(f"{FIRST};")


def test_collections_lists_the_collections_alone(client: Client) -> None:
    links = client.get("/collections?format=json").json()
    assert [link["href"] for link in links] == ["/collections/images"]


def test_core_lists_everything(client: Client) -> None:
    links = {link["href"]: link for link in client.get(f"{CORE}?format=json").json()}
    assert next(iter(links)) == "/collections/images"
    assert links["/collections"]["if"] == "core.ll"
    assert links["/collections/images"]["obs"] is True


@pytest.mark.parametrize(
    ("query", "hrefs"),
    [
        ("rt=simple.act", ["/collections/images"]),
        ("rt=simple.*", ["/collections/images"]),
        ("rt=simple", []),
        ("if=core.b&rt=simple.act", ["/collections/images"]),
        ("if=core.ll&rt=simple.act", []),
        ("href=/collections*", ["/collections/images", "/collections"]),
        ("href=/collections", ["/collections"]),
        ("ct=40", ["/collections/images", "/collections"]),
        ("nothing=1", []),
    ],
)
def test_filter(client: Client, query: str, hrefs: list[str]) -> None:
    links = client.get(f"{CORE}?{query}&format=json").json()
    assert [link["href"] for link in links] == hrefs


def test_an_empty_value_is_not_a_missing_one() -> None:
    link = Link("/x", (("title", ""), ("obs", None)))
    assert json.loads(discovery._json([link])) == [{"href": "/x", "title": "", "obs": True}]


def test_no_match_is_empty(client: Client) -> None:
    response = client.get(f"{CORE}?rt=none")
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Type"] == "application/link-format"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/link-format"),
        ("*/*", "application/link-format"),
        ("application/json", "application/json"),
        ("application/json, application/link-format", "application/link-format"),
        ("application/json, application/link-format;q=0.9", "application/json"),
        ("text/html", "text/html"),
    ],
)
@BOTH
def test_accept(client: Client, url: str, accept: str | None, media_type: str) -> None:
    response = client.get(url, headers={"Accept": accept} if accept else None)
    assert (response.status_code, response["Content-Type"]) == (200, media_type)


@BOTH
def test_not_acceptable(client: Client, url: str) -> None:
    response = client.get(url, headers={"Accept": "image/png"})
    assert (response.status_code, response["Content-Type"]) == (406, "application/problem+json")


def test_unknown_format(client: Client) -> None:
    assert client.get(f"{CORE}?format=yaml").status_code == 400


def test_html_is_escaped(client: Client) -> None:
    body = client.get(f"{CORE}?format=html").content.decode()
    assert '<a href="/collections/images">/collections/images</a>' in body
    assert 'rt="simple.act"' not in body
    assert "rt=&quot;simple.act&quot;" in body


@BOTH
def test_etag(client: Client, url: str) -> None:
    etag = client.get(url)["ETag"]
    response = client.get(url, headers={"If-None-Match": etag})
    assert (response.status_code, response["ETag"]) == (304, etag)


@BOTH
def test_wrong_method(client: Client, url: str) -> None:
    response = client.post(url)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")
