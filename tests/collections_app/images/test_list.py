"""Lists: /collections/images and /collections/images/{deviceId}."""

import re

import cbor2
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.collections_app.images.conftest import URL, Post
from tests.pictures import png

LIST = f"{URL}?format=json"


def stamps(response: object) -> list[str]:
    return [item["timestamp"][8:10] + item["deviceId"] for item in response.json()]


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


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["04b", "03a", "02a", "01a"]),
        ("&deviceId=a", ["03a", "02a", "01a"]),
        ("&deviceId=c", []),
        ("&from=2026-11-02", ["04b", "03a", "02a"]),
        ("&to=2026-11-02T00:00:00Z", ["02a", "01a"]),
        ("&from=2026-11-02&to=2026-11-03T00:00:00Z", ["03a", "02a"]),
        ("&title=day%203", ["03a"]),
        ("&near=50,11,10", ["02a"]),
        ("&near=50,11,120", ["03a", "02a", "01a"]),
        ("&limit=2", ["04b", "03a"]),
    ],
)
def test_filters(client: Client, query: str, expected: list[str]) -> None:
    assert stamps(client.get(LIST + query)) == expected


@pytest.mark.parametrize("accept", ["application/json", "application/json, */*;q=0.1"])
def test_accept_asks_for_the_list(client: Client, accept: str) -> None:
    response = client.get(URL, headers={"Accept": accept})
    assert (response.status_code, len(response.json())) == (200, 4)


def test_cbor(client: Client) -> None:
    response = client.get(URL, headers={"Accept": "application/cbor"})
    assert response["Content-Type"] == "application/cbor"
    assert cbor2.loads(response.content) == client.get(LIST).json()


def test_link_format(client: Client) -> None:
    response = client.get(f"{URL}/b?format=link")
    assert response["Content-Type"] == "application/link-format"
    assert response.content.decode() == (
        f'</collections/images/b/20261104T000000Z>;rt="image";ct=23;sz={len(png(4))};title="Day 4"'
    )


def test_a_type_that_no_list_has(client: Client) -> None:
    assert client.get(URL, headers={"Accept": "text/plain"}).status_code == 406


def test_device_list(client: Client) -> None:
    response = client.get(f"{URL}/a")
    assert response["Content-Type"] == "application/json"
    assert stamps(response) == ["03a", "02a", "01a"]
    assert client.get(f"{URL}/nobody").json() == []
    assert client.get(f"{URL}/a?deviceId=b").status_code == 400


def test_pages(client: Client) -> None:
    seen, url = [], f"{LIST}&limit=3"
    while url:
        response = client.get(url)
        seen += stamps(response)
        link = re.fullmatch('<(.*)>; rel="next"', response.get("Link", ""))
        url = link and link[1]
    assert seen == ["04b", "03a", "02a", "01a"]


def test_pages_through_equal_timestamps(client: Client, post: Post) -> None:
    for device in "cdefg":
        post(device=device, timestamp="2026-11-05T00:00:00Z")
    seen, url = [], f"{LIST}&limit=2"
    while url:
        response = client.get(url)
        seen += stamps(response)
        link = re.fullmatch('<(.*)>; rel="next"', response.get("Link", ""))
        url = link and link[1]
    assert len(seen) == len(set(seen)) == 9


@pytest.mark.parametrize("limit", [1, 3])
def test_one_query_however_many(
    client: Client, limit: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert len(client.get(f"{LIST}&limit={limit}").json()) == limit


def test_etag(client: Client, post: Post) -> None:
    etag = client.get(LIST)["ETag"]
    assert client.get(LIST, headers={"If-None-Match": etag}).status_code == 304
    post(device="new")
    assert client.get(LIST, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("limit=x", "/limit"),
        ("limit=²", "/limit"),
        ("after=x", "/after"),
        ("after=20261121T080000Z,x", "/after"),
        ("from=x", "/from"),
        ("to=x", "/to"),
        ("near=1,2", "/near"),
        ("near=nan,0,1", "/near"),
        ("near=91,0,1", "/near"),
        ("near=0,0,-1", "/near"),
        ("color=red", "/color"),
    ],
)
def test_bad_query(client: Client, query: str, pointer: str) -> None:
    response = client.get(f"{LIST}&{query}")
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
