"""QUERY on /collections/images and /collections/images/{deviceId}: the list's filters as a body."""

import json
import re
from typing import Any

import cbor2
import pytest
from django.test import Client

from tests.collections_app.images.conftest import URL, Post
from tests.pictures import png

JSON, CBOR, LINK = "application/json", "application/cbor", "application/link-format"


@pytest.fixture(autouse=True)
def stored(post: Post) -> None:
    """Three images of a, one of b; newest first: 04b 03a 02a 01a."""
    for day, device in ((2, "a"), (1, "a"), (4, "b"), (3, "a")):
        post(
            png(day),
            device=device,
            timestamp=f"2026-11-{day:02}T00:00:00Z",
            title=f"Day {day}",
            location=[48.0 + day, 11.0],
        )


def ask(client: Client, filters: object, url: str = URL, **headers: str) -> Any:
    body = json.dumps(filters).encode()
    return client.generic("QUERY", url, body, content_type=JSON, headers=headers)


def ask_cbor(client: Client, filters: object, url: str = URL) -> Any:
    headers = {"Accept": CBOR}
    body = cbor2.dumps(filters)
    return client.generic("QUERY", url, body, content_type=CBOR, headers=headers)


def stamps(images: list[dict[str, Any]]) -> list[str]:
    return [image["timestamp"][8:10] + image["deviceId"] for image in images]


SAME = [
    ({}, ["04b", "03a", "02a", "01a"]),
    ({"deviceId": "a"}, ["03a", "02a", "01a"]),
    ({"deviceId": "nobody"}, []),
    ({"deviceId": 7}, []),
    ({"from": "2026-11-02"}, ["04b", "03a", "02a"]),
    ({"to": "2026-11-02T00:00:00Z"}, ["02a", "01a"]),
    ({"from": 1793577600, "to": 1793664000}, ["03a", "02a"]),
    ({"title": "day 3"}, ["03a"]),
    ({"near": [50, 11.0, 10]}, ["02a"]),
    ({"near": [50, 11, 120], "deviceId": "a", "limit": 2}, ["03a", "02a"]),
    ({"limit": 2}, ["04b", "03a"]),
    ({"deviceId": None, "title": None, "limit": None}, ["04b", "03a", "02a", "01a"]),
]


@pytest.mark.parametrize(("filters", "expected"), SAME)
def test_filters(client: Client, filters: object, expected: list[str]) -> None:
    response = ask(client, filters)
    assert (response.status_code, response["Content-Type"]) == (200, JSON)
    assert stamps(response.json()) == expected
    assert stamps(cbor2.loads(ask_cbor(client, filters).content)) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({1: "a", 12: 1}, ["03a"]),
        ({5: "Day 1"}, ["01a"]),
        ({9: cbor2.CBORTag(1, 1793664000)}, ["04b", "03a"]),
        ({10: cbor2.CBORTag(0, "2026-11-01T00:00:00Z")}, ["01a"]),
        ({11: [52.0, 11.0, 1.5]}, ["04b"]),
        ({"deviceId": "a", 10: "2026-11-02T12:00:00Z"}, ["02a", "01a"]),
    ],
)
def test_integer_keys(client: Client, filters: object, expected: list[str]) -> None:
    assert stamps(cbor2.loads(ask_cbor(client, filters).content)) == expected


def test_times_relative_to_now(client: Client, post: Post) -> None:
    post(device="new", timestamp=0)
    assert [image["deviceId"] for image in ask(client, {"from": -3600}).json()] == ["new"]


@pytest.mark.parametrize("media_type", [JSON, CBOR, LINK])
def test_the_answer_is_that_of_a_get(client: Client, media_type: str) -> None:
    response = ask(client, {"deviceId": "a"}, Accept=media_type)
    got = client.get(f"{URL}?deviceId=a", headers={"Accept": media_type})
    assert (response["Content-Type"], response.content) == (media_type, got.content)
    assert (response["ETag"], response["Vary"]) == (got["ETag"], "Accept")


def test_format_in_the_query_overrides_accept(client: Client) -> None:
    assert ask(client, {}, f"{URL}?format=cbor", Accept=JSON)["Content-Type"] == CBOR


def test_a_type_that_no_list_has(client: Client) -> None:
    assert ask(client, {}, Accept="image/png").status_code == 406


def test_a_device(client: Client) -> None:
    assert stamps(ask(client, {"to": "2026-11-02"}, f"{URL}/a").json()) == ["02a", "01a"]
    refused = ask(client, {"deviceId": "b"}, f"{URL}/a")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/deviceId"


@pytest.mark.parametrize("url", [URL, f"{URL}/a"])
@pytest.mark.parametrize("media_type", [JSON, CBOR])
def test_the_link_leads_to_the_next_page(client: Client, url: str, media_type: str) -> None:
    filters = {"near": [50.5, 11, 300], "title": "day", "from": "2026-11-01", "limit": 1}
    read = cbor2.loads if media_type == CBOR else json.loads
    response = ask(client, filters, url, Accept=media_type)
    seen = stamps(read(response.content))
    while link := re.fullmatch('<(.*)>; rel="next"', response.get("Link", "")):
        response = client.get(link[1])
        assert response["Content-Type"] == media_type
        seen += stamps(read(response.content))
    assert seen == (["03a", "02a", "01a"] if url.endswith("a") else ["04b", "03a", "02a", "01a"])


def test_the_link_of_a_devices_own_list(client: Client) -> None:
    response = client.get(f"{URL}/a?limit=2")
    link = re.fullmatch('<(.*)>; rel="next"', response["Link"])
    assert link is not None
    assert stamps(client.get(link[1]).json()) == ["01a"]


def test_pages_by_after(client: Client) -> None:
    seen: list[str] = []
    filters: dict[str, object] = {"limit": 3}
    while page := ask(client, filters).json():
        seen += stamps(page)
        last = page[-1]
        stamp = last["timestamp"].replace("-", "").replace(":", "")
        filters["after"] = f"{stamp},{last['id']}"
    assert seen == ["04b", "03a", "02a", "01a"]


def test_etag(client: Client, post: Post) -> None:
    filters = {"title": "Day"}
    etag = ask(client, filters)["ETag"]
    unchanged = ask(client, filters, **{"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    post(device="new", title="Day 9")
    assert ask(client, filters, **{"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/merge-patch+json"])
def test_a_body_of_another_type(client: Client, content_type: str) -> None:
    response = client.generic("QUERY", URL, b"{}", content_type=content_type)
    assert (response.status_code, response["Accept-Query"]) == (415, f"{JSON}, {CBOR}")
    assert "Accept-Post" not in response


def test_parameters_of_the_type_are_tolerated(client: Client) -> None:
    response = client.generic("QUERY", URL, b"{}", content_type=f"{JSON}; charset=utf-8")
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("filters", "pointers"),
    [
        ({"limit": 0}, ["/limit"]),
        ({"limit": 1001}, ["/limit"]),
        ({"limit": "5"}, ["/limit"]),
        ({"limit": True}, ["/limit"]),
        ({"after": "x"}, ["/after"]),
        ({"after": "20261121T080000Z,x"}, ["/after"]),
        ({"after": 5}, ["/after"]),
        ({"from": "x"}, ["/from"]),
        ({"to": [1]}, ["/to"]),
        ({"near": [1, 2]}, ["/near"]),
        ({"near": "1,2,3"}, ["/near"]),
        ({"near": [91, 0, 1]}, ["/near"]),
        ({"near": [0, 0, -1]}, ["/near"]),
        ({"near": [0, True, 1]}, ["/near"]),
        ({"title": 5}, ["/title"]),
        ({"deviceId": ""}, ["/deviceId"]),
        ({"deviceId": 1.5}, ["/deviceId"]),
        ({"limit": 0, "from": "x", "near": []}, ["/limit", "/from", "/near"]),
        ({"color": "red", "a/b": 1}, ["/color", "/a~1b"]),
    ],
)
def test_every_filter_that_is_wrong_is_named(
    client: Client, filters: object, pointers: list[str]
) -> None:
    for response in (ask(client, filters), ask_cbor(client, filters)):
        assert response.status_code == 400
    assert [error["pointer"] for error in ask(client, filters).json()["errors"]] == pointers


def test_a_filter_by_name_and_by_number(client: Client) -> None:
    response = ask_cbor(client, {1: "a", "deviceId": "a"})
    assert response.status_code == 400
    assert cbor2.loads(response.content)["/problems"][1][0][0] == "/deviceId"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"7"])
def test_a_body_that_is_no_map(client: Client, body: bytes) -> None:
    for media_type in (JSON, CBOR):
        response = client.generic("QUERY", URL, body, CONTENT_TYPE=media_type)
        assert response.status_code == 400


@pytest.mark.parametrize("query", ["deviceId=a", "limit=1"])
def test_filters_belong_into_the_body(client: Client, query: str) -> None:
    assert ask(client, {}, f"{URL}?{query}").status_code == 400


def test_it_is_among_the_methods(client: Client) -> None:
    for url in (URL, f"{URL}/a"):
        assert "QUERY" in client.options(url)["Allow"]
    refused = client.generic("QUERY", f"{URL}/a/latest", b"{}", content_type=JSON)
    assert refused.status_code == 405


@pytest.mark.parametrize(
    "url", ["/collections/images", "/collections/images/{deviceId}", "/{0}/latest", "/{0}/{stamp}"]
)
def test_every_method_is_described(client: Client, url: str) -> None:
    path = url.replace("/{0}", f"{URL}/{{deviceId}}")
    described = client.get("/openapi.json").json()["paths"][path]
    real = path.replace("{deviceId}", "a").replace("{stamp}", "20261101T000000Z")
    allowed = set(client.options(real)["Allow"].split(", ")) - {"HEAD", "OPTIONS"}
    assert {method.removeprefix("x-").upper() for method in described} == allowed
