"""POST /collections/images: many images in one body."""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import cbor2
import pytest
from django.db import OperationalError
from django.test import Client

from collections_app.images import ingest
from collections_app.images.models import Image
from core_api.ingest import Busy
from tests.collections_app.images.conftest import URL
from tests.pictures import png

MOMENT = "2026-11-21T08:00:00Z"
TIME = 1_795_248_000


def member(device: str, data: bytes | None = None, **more: object) -> dict[str, object]:
    image = base64.b64encode(png() if data is None else data).decode()
    return {"deviceId": device, "timestamp": MOMENT, "imageData": image} | more


def href(device: str) -> str:
    return f"{URL}/{device}/20261121T080000Z"


def post(client: Client, items: list[object], **how: Any) -> Any:
    return client.post(URL, items, content_type="application/json", **how)


def statuses(response: Any) -> list[int]:
    return [item["status"] for item in response.json()]


@pytest.mark.django_db
def test_each_has_its_result_in_order(client: Client) -> None:
    post(client, [member("known"), member("taken")])
    batch = [
        member("a"),
        member("known"),
        member("taken", png(1)),
        member("b", b"no image"),
        {"deviceId": "c"},
        member("d", sha256="0" * 64),
        member("e"),
    ]
    response = post(client, batch)
    assert response.status_code == 207
    assert statuses(response) == [201, 200, 409, 422, 400, 400, 201]
    results = response.json()
    assert [results[index]["href"] for index in (0, 1, 6)] == [href("a"), href("known"), href("e")]
    problem = results[4]["problem"]
    assert (problem["status"], problem["title"]) == (400, "Bad Request")
    assert {error["pointer"] for error in problem["errors"]} == {"/timestamp", "/imageData"}
    assert client.get(href("e")).content == png()


@pytest.mark.django_db
def test_the_same_image_twice_in_one_batch(client: Client) -> None:
    response = post(client, [member("a"), member("a"), member("a", png(1))])
    assert statuses(response) == [201, 200, 409]


@pytest.mark.django_db
def test_a_batch_that_comes_again_is_all_there(client: Client) -> None:
    batch = [member("a"), member("b")]
    assert statuses(post(client, batch)) == [201, 201]
    response = post(client, batch)
    assert (response.status_code, statuses(response)) == (207, [200, 200])


@pytest.mark.django_db
def test_when_every_image_is_refused(client: Client) -> None:
    response = post(client, [{"deviceId": "a", "timestamp": MOMENT}, member("b", b"no image")])
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    problem = response.json()
    assert [item["status"] for item in problem["items"]] == [400, 422]
    assert [error["pointer"] for error in problem["errors"]] == ["/0/imageData", "/1/imageData"]


@pytest.mark.django_db
def test_a_refused_batch_in_cbor_names_each_fault(client: Client) -> None:
    response = post(client, [member("b", b"no image"), 5], headers={"Accept": "application/cbor"})
    problem = cbor2.loads(response.content)
    assert response["Content-Type"] == "application/concise-problem-details+cbor"
    assert [pointer for pointer, _ in problem["/problems"][1]] == ["/0/imageData", "/1"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b"[]"),
        ("application/cbor", b"\x80"),
        ("application/senml+json", b"[]"),
        ("application/senml+cbor", b"\x80"),
    ],
)
def test_an_empty_batch(client: Client, media_type: str, body: bytes) -> None:
    response = client.generic("POST", URL, body, content_type=media_type)
    assert (response.status_code, response.json()["items"]) == (400, [])


@pytest.mark.django_db
@pytest.mark.parametrize("media_type", ["application/cbor", "application/cbor-seq"])
def test_cbor(client: Client, media_type: str) -> None:
    maps = [{1: device, 2: TIME, 3: png()} for device in "ab"]
    is_array = media_type == "application/cbor"
    body = cbor2.dumps(maps) if is_array else b"".join(map(cbor2.dumps, maps))
    response = client.generic(
        "POST", URL, body, content_type=media_type, headers={"Accept": "application/cbor"}
    )
    assert (response.status_code, response["Content-Type"]) == (207, "application/cbor")
    assert cbor2.loads(response.content) == [
        {"status": 201, "href": href("a")},
        {"status": 201, "href": href("b")},
    ]


@pytest.mark.django_db
def test_a_sequence_that_breaks_off_keeps_what_came(client: Client) -> None:
    body = cbor2.dumps({1: "a", 2: TIME, 3: png()})
    response = client.generic("POST", URL, body + body[:50], content_type="application/cbor-seq")
    assert statuses(response) == [201, 400]


@pytest.mark.django_db
@pytest.mark.parametrize("media_type", ["application/senml+json", "application/senml+cbor"])
def test_senml(client: Client, media_type: str) -> None:
    in_json = media_type == "application/senml+json"
    data = base64.urlsafe_b64encode(png()).decode().rstrip("=") if in_json else png()
    pack: list[dict[object, object]] = [
        {"bn": f"coap://camera{URL}/", "bt": TIME, "n": "a", "vd": data, "ct": "image/png"},
        {"n": "b/20261121T080000Z", "vd": data},
        {"n": "c", "u": "Cel", "v": 21.5},
        {"n": "d", "vd": "AAAA" if in_json else b"\0\0\0"},
    ]
    if not in_json:
        labels = {"bn": -2, "bt": -3, "n": 0, "u": 1, "v": 2, "vd": 8}
        pack = [{labels.get(str(key), key): one[key] for key in one} for one in pack]
    body = json.dumps(pack).encode() if in_json else cbor2.dumps(pack)
    response = client.generic("POST", URL, body, content_type=media_type)
    assert statuses(response) == [201, 201, 400, 422]
    assert [item["href"] for item in response.json()[:2]] == [href("a"), href("b")]
    assert response.json()[3]["problem"]["errors"][0]["pointer"] == "/vd"


@pytest.mark.django_db
def test_a_list_in_senml_can_be_posted_again(client: Client) -> None:
    batch = [member("a"), member("b") | {"timestamp": "2026-11-21T08:00:00.123457Z"}]
    post(client, batch)
    for media_type in ("application/senml+json", "application/senml+cbor"):
        pack = client.get(f"{URL}?data=1", headers={"Accept": media_type})
        response = client.generic("POST", URL, pack.content, content_type=media_type)
        assert statuses(response) == [200, 200]


@pytest.mark.django_db
def test_a_malformed_body_is_refused_as_a_whole(client: Client) -> None:
    response = client.generic("POST", URL, b"[{}", content_type="application/json")
    assert response.status_code == 400
    assert "items" not in response.json()


@pytest.mark.django_db
def test_a_digest_in_the_query_is_of_one_image(client: Client) -> None:
    response = client.post(f"{URL}?sha256=0", [member("a")], content_type="application/json")
    assert response.status_code == 400
    assert not Image.objects.exists()


@pytest.fixture
def commits(transactional_db: None) -> Iterator[list[int]]:
    """How many images each commit took."""
    sizes: list[int] = []

    def counted(batch: Sequence[Any]) -> list[ingest.Outcome]:
        sizes.append(len(batch))
        return ingest.write(batch)

    with patch.object(ingest._writer, "_write", counted):
        yield sizes


def test_one_commit_a_chunk(client: Client, commits: list[int], settings: Any) -> None:
    settings.COAPTURE_INGEST_BATCH = 64
    response = post(client, [member(f"cam-{number}") for number in range(200)])
    assert set(statuses(response)) == {201}
    assert commits == [64, 64, 64, 8]


@pytest.mark.django_db
def test_a_full_disk_in_the_middle_costs_only_what_came_then(client: Client, settings: Any) -> None:
    settings.COAPTURE_INGEST_BATCH = 1
    full = OperationalError("database or disk is full")
    real = ingest.store_all
    calls = iter([real, lambda _: [full], lambda _: _raise(Busy("later"))])
    with patch.object(ingest, "store_all", lambda images: next(calls)(images)):
        response = post(client, [member("a"), member("b"), member("c")])
    assert (response.status_code, statuses(response)) == (207, [201, 507, 503])


@pytest.mark.django_db
def test_when_nothing_could_be_stored_the_client_is_to_try_again(client: Client) -> None:
    with patch.object(ingest, "store_all", lambda _: _raise(Busy("later"))):
        response = post(client, [member("a"), member("b", b"no image")])
    assert (response.status_code, response["Retry-After"]) == (503, "1")


@pytest.mark.django_db
def test_a_fault_of_ours_is_logged_and_costs_one_image(client: Client, caplog: Any) -> None:
    real = ingest.store_all

    def store(images: list[ingest.NewImage]) -> list[ingest.Outcome]:
        return [*real(images[:1]), RuntimeError("oops")]

    with patch.object(ingest, "store_all", store):
        response = post(client, [member("a"), member("b")])
    assert statuses(response) == [201, 500]
    assert "oops" not in response.content.decode()
    assert "could not be stored" in caplog.text


def _raise(error: Exception) -> Any:
    raise error
