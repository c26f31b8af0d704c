"""GET and HEAD of one image: by query, by path, a device's latest."""

import hashlib

import cbor2
import pytest
from django.test import Client

from tests.collections_app.images.conftest import URL, Post
from tests.pictures import jpeg, png

MOMENT = "2026-11-21T08:00:00Z"
QUERY = f"{URL}?deviceId=cam-7&timestamp={MOMENT}"
PATH = f"{URL}/cam-7/20260101T000000Z".replace("20260101T000000Z", "20261121T080000Z")
ADDRESSES = [
    QUERY,
    PATH,
    f"{URL}/cam-7/{MOMENT}",
    f"{URL}/cam-7/latest",
    f"{URL}?d=cam-7&t={MOMENT}",
]


@pytest.fixture(autouse=True)
def stored(post: Post) -> bytes:
    post(jpeg(), title="Gate")
    return jpeg()


@pytest.mark.parametrize("url", ADDRESSES)
def test_bytes(client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 200
    assert response.content == jpeg()
    assert response["Content-Type"] == "image/jpeg"
    assert response["ETag"] == f'"{hashlib.sha256(jpeg()).hexdigest()[:16]}"'
    assert response["Vary"] == "Accept"
    assert response["Content-Disposition"] == 'inline; filename="cam-7_20261121T080000Z.jpg"'
    assert response["Last-Modified"].endswith("GMT")


@pytest.mark.parametrize("url", ADDRESSES)
def test_head(client: Client, url: str) -> None:
    response = client.head(url)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(jpeg()))


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("application/json", "application/json"),
        ("application/cbor", "application/cbor"),
        ("application/json;q=0.5, image/jpeg;q=0.5", "image/jpeg"),
        ("application/json, image/jpeg;q=0.5", "application/json"),
        ("application/octet-stream", "application/octet-stream"),
    ],
)
def test_accept(client: Client, accept: str, media_type: str) -> None:
    response = client.get(PATH, headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, media_type)
    if not media_type.endswith(("json", "cbor")):
        assert response.content == jpeg()


def test_metadata(client: Client) -> None:
    facts = client.get(f"{PATH}?format=json").json()
    assert (facts["href"], facts["title"], facts["size"]) == (PATH, "Gate", len(jpeg()))
    assert cbor2.loads(client.get(f"{PATH}?format=cbor").content) == facts


@pytest.mark.parametrize("accept", ["text/plain", "image/x-icon"])
def test_not_acceptable(client: Client, accept: str) -> None:
    response = client.get(PATH, headers={"Accept": accept})
    assert (response.status_code, response.json()["title"]) == (406, "Not Acceptable")


def test_each_representation_has_its_own_etag(client: Client) -> None:
    accepts = ["image/jpeg", "application/json", "application/cbor", "application/octet-stream"]
    etags = {client.get(PATH, headers={"Accept": accept})["ETag"] for accept in accepts}
    assert len(etags) == 4
    assert all(len(etag) == 18 for etag in etags)


class TestConditions:
    def test_if_none_match(self, client: Client) -> None:
        etag = client.get(PATH)["ETag"]
        response = client.get(PATH, headers={"If-None-Match": etag})
        assert (response.status_code, response.content) == (304, b"")
        assert (response["ETag"], response["Vary"]) == (etag, "Accept")
        assert "Content-Type" not in response

    @pytest.mark.parametrize(
        ("header", "status"),
        [('"x", W/"{}"', 304), ("*", 304), ('"other"', 200)],
    )
    def test_if_none_match_forms(self, client: Client, header: str, status: int) -> None:
        etag = client.get(PATH)["ETag"].strip('"')
        response = client.get(PATH, headers={"If-None-Match": header.format(etag)})
        assert response.status_code == status

    def test_if_modified_since(self, client: Client) -> None:
        modified = client.get(PATH)["Last-Modified"]
        headers = {"If-Modified-Since": modified}
        assert client.get(PATH, headers=headers).status_code == 304
        headers["If-None-Match"] = '"other"'
        assert client.get(PATH, headers=headers).status_code == 200, "If-None-Match wins"

    def test_if_match(self, client: Client) -> None:
        assert client.get(PATH, headers={"If-Match": '"other"'}).status_code == 412


class TestRange:
    @pytest.mark.parametrize(
        ("header", "start", "end"),
        [
            ("bytes=0-9", 0, 10),
            ("bytes=10-", 10, None),
            ("bytes=-5", -5, None),
            ("bytes=5-99999", 5, None),
        ],
    )
    def test_one_range(self, client: Client, header: str, start: int, end: int | None) -> None:
        response = client.get(PATH, headers={"Range": header})
        assert (response.status_code, response.content) == (206, jpeg()[start:end])
        first = range(len(jpeg()))[start:end][0]
        last = range(len(jpeg()))[start:end][-1]
        assert response["Content-Range"] == f"bytes {first}-{last}/{len(jpeg())}"

    @pytest.mark.parametrize("header", ["bytes=0-1,3-4", "bytes=5-2", "lines=1-2", "bytes=-", "x"])
    def test_others_give_the_whole(self, client: Client, header: str) -> None:
        response = client.get(PATH, headers={"Range": header})
        assert (response.status_code, response.content) == (200, jpeg())

    @pytest.mark.parametrize("header", ["bytes=999999-", "bytes=-0"])
    def test_unsatisfiable(self, client: Client, header: str) -> None:
        response = client.get(PATH, headers={"Range": header})
        assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{len(jpeg())}")

    def test_if_range(self, client: Client) -> None:
        whole = client.get(PATH)
        for good in (whole["ETag"], whole["Last-Modified"]):
            headers = {"Range": "bytes=0-1", "If-Range": good}
            assert client.get(PATH, headers=headers).status_code == 206
        headers = {"Range": "bytes=0-1", "If-Range": '"other"'}
        assert client.get(PATH, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("url", "pointer"),
    [
        (URL, "/deviceId"),
        (f"{URL}?deviceId=cam-7", "/timestamp"),
        (f"{URL}?timestamp={MOMENT}", "/deviceId"),
        (f"{URL}?deviceId=cam-7&timestamp=now", "/timestamp"),
        (f"{URL}?deviceId=&timestamp={MOMENT}", "/deviceId"),
        (f"{URL}?deviceId=a&deviceId=b&timestamp={MOMENT}", "/deviceId"),
        (f"{URL}?deviceId=a&d=b&timestamp={MOMENT}", "/deviceId"),
        (f"{QUERY}&width=5", "/width"),
        (f"{QUERY}&format=yaml", "/format"),
        (f"{URL}?deviceId=%ff&timestamp={MOMENT}", None),
    ],
)
def test_bad_query(client: Client, url: str, pointer: str | None) -> None:
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    errors = response.json().get("errors")
    assert errors is None if pointer is None else errors[0]["pointer"] == pointer


@pytest.mark.parametrize(
    "url",
    [
        f"{URL}?deviceId=cam-8&timestamp={MOMENT}",
        f"{URL}/cam-7/20261121T080001Z",
        f"{URL}/cam-8/latest",
    ],
)
def test_no_such_image(client: Client, url: str) -> None:
    assert client.get(url).status_code == 404


def test_bad_stamp(client: Client) -> None:
    assert client.get(f"{URL}/cam-7/yesterday").status_code == 400


def test_latest_is_by_timestamp(client: Client, post: Post) -> None:
    post(png(1), timestamp="2026-11-22T00:00:00Z")
    post(png(2), timestamp="2026-11-20T00:00:00Z")
    assert client.get(f"{URL}/cam-7/latest").content == png(1)


def test_a_device_called_latest(client: Client, post: Post) -> None:
    post(png(1), device="latest")
    assert client.get(f"{URL}/latest/latest").content == png(1)


@pytest.mark.parametrize("device", ["a/b", ".", "..", "ü ö", "a%2Fb", "+", "%", "?#", '"', "⚡"])
def test_odd_devices_have_a_working_href(client: Client, post: Post, device: str) -> None:
    href = post(png(1), device=device).json()["href"]
    response = client.get(href)
    assert response.content == png(1)
    assert (
        client.get(f"{href}{'&' if '?' in href else '?'}format=json").json()["deviceId"] == device
    )


def test_fraction_in_the_path(client: Client, post: Post) -> None:
    href = post(png(1), timestamp="2026-11-21T08:00:00.25Z").json()["href"]
    assert href == f"{URL}/cam-7/20261121T080000.250000Z"
    assert client.get(href).content == png(1)


@pytest.mark.parametrize("url", [PATH, f"{URL}/cam-7/latest", f"{URL}/cam-7"])
def test_wrong_method(client: Client, url: str) -> None:
    response = client.post(url, b"", content_type="image/png")
    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")
    assert "GET, HEAD" in response["Allow"]


def test_options(client: Client) -> None:
    response = client.options(PATH)
    assert (response.status_code, response["Allow"]) == (
        204,
        "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    )
