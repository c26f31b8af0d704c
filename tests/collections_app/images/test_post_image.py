"""POST /collections/images: one image, in every form."""

import base64
import datetime as dt
import hashlib
import io
import json

import cbor2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from collections_app.images.models import Image
from core_api.storage.models import Blob, StoredObject
from tests.collections_app.images.conftest import URL, Post
from tests.pictures import jpeg, picture, png

MOMENT = "2026-11-21T08:00:00Z"
HREF = "/collections/images/cam-7/20261121T080000Z"


def stored_bytes(href: str, client: Client) -> bytes:
    return client.get(href).content


def test_json_is_stored_and_described(post: Post, client: Client) -> None:
    data = png()
    response = post(data)
    image = Image.objects.get()
    assert response.status_code == 201
    assert response["Location"] == HREF
    assert response["Content-Type"] == "application/json"
    assert response.json() == {
        "id": image.pk,
        "href": HREF,
        "deviceId": "cam-7",
        "timestamp": MOMENT,
        "mediaType": "image/png",
        "width": 32,
        "height": 24,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert stored_bytes(HREF, client) == data


def test_optional_fields_come_back(post: Post) -> None:
    body = post(title="Gate", location=[48.1, 11.5], meta={"battery": 3.7}).json()
    assert (body["title"], body["location"], body["meta"]) == (
        "Gate",
        [48.1, 11.5],
        {"battery": 3.7},
    )


@pytest.mark.parametrize("keys", ["text", "integer"])
def test_cbor_with_byte_string(client: Client, db: None, keys: str) -> None:
    names = ("deviceId", "timestamp", "imageData") if keys == "text" else (1, 2, 3)
    body = cbor2.dumps(dict(zip(names, ("cam-7", MOMENT, jpeg()), strict=True)))
    response = client.post(URL, body, content_type="application/cbor")
    assert (response.status_code, response.json()["mediaType"]) == (201, "image/jpeg")
    assert stored_bytes(HREF, client) == jpeg()


def test_cbor_of_every_field(client: Client, db: None) -> None:
    data = jpeg()
    moment = cbor2.CBORTag(1, 1_795_248_000)
    body = {
        1: 12345,
        2: moment,
        3: data,
        4: "image/png",
        5: "Gate",
        6: [1.5, -2.5],
        7: hashlib.sha256(data).digest(),
        8: {"a": [1]},
    }
    response = client.post(URL, cbor2.dumps(body), content_type="application/cbor")
    assert response.status_code == 201, response.content
    image = Image.objects.get()
    assert (image.device_id, image.title, image.latitude, image.longitude, image.meta) == (
        *("12345", "Gate", 1.5, -2.5),
        {"a": [1]},
    )
    assert image.timestamp == dt.datetime.fromtimestamp(1_795_248_000, dt.UTC)
    assert image.media_type == "image/jpeg", "the bytes decide"


def test_cbor_as_hex_digits(client: Client, db: None) -> None:
    fields = {"deviceId": "cam-7", "timestamp": MOMENT, "imageData": base64.b64encode(png())}
    fields["imageData"] = fields["imageData"].decode()
    body = cbor2.dumps(fields).hex()
    assert client.post(URL, body, content_type="application/cbor").status_code == 201
    assert stored_bytes(HREF, client) == png()


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "application/octet-stream"])
@pytest.mark.parametrize("query", ["deviceId=cam-7&timestamp=", "d=cam-7&t="])
def test_raw(client: Client, db: None, media_type: str, query: str) -> None:
    response = client.post(f"{URL}?{query}{MOMENT}", jpeg(), content_type=media_type)
    assert (response.status_code, response["Location"]) == (201, HREF)
    assert response.json()["mediaType"] == "image/jpeg"


def test_raw_time_offset_survives_the_plus(client: Client, db: None) -> None:
    url = f"{URL}?d=cam-7&t=2026-11-21T09:00:00+01:00"
    assert client.post(url, png(), content_type="image/png")["Location"] == HREF


@pytest.mark.parametrize("field", ["image", "imageData"])
def test_multipart(client: Client, db: None, field: str) -> None:
    file = SimpleUploadedFile("a.jpg", jpeg(), content_type="image/jpeg")
    response = client.post(
        URL, {"deviceId": "cam-7", "timestamp": MOMENT, "title": "Gate", field: file}
    )
    assert (response.status_code, response.json()["title"]) == (201, "Gate")
    assert stored_bytes(HREF, client) == jpeg()


def test_multipart_names_in_the_query(client: Client, db: None) -> None:
    file = SimpleUploadedFile("a.jpg", jpeg())
    response = client.post(f"{URL}?d=cam-7&t={MOMENT}", {"image": file})
    assert response["Location"] == HREF


def test_multipart_without_file(client: Client, db: None) -> None:
    response = client.post(URL, {"deviceId": "cam-7", "timestamp": MOMENT, "x": io.BytesIO(b"1")})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/image"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_every_format(post: Post, client: Client, format: str) -> None:
    data = picture(format=format)
    response = post(data)
    assert response.status_code == 201, response.content
    assert response.json()["mediaType"] == f"image/{format.lower()}"
    assert stored_bytes(HREF, client) == data


def test_answer_in_cbor(client: Client, post: Post) -> None:
    response = client.post(
        f"{URL}?d=a&t={MOMENT}",
        png(),
        content_type="image/png",
        headers={"Accept": "application/cbor"},
    )
    assert response["Content-Type"] == "application/cbor"
    assert cbor2.loads(response.content)["deviceId"] == "a"


def test_an_unacceptable_answer_stores_all_the_same(client: Client, db: None) -> None:
    url = f"{URL}?d=a&t={MOMENT}"
    headers = {"Accept": "image/png"}
    response = client.post(url, png(), content_type="image/png", headers=headers)
    assert (response.status_code, response["Content-Type"]) == (201, "application/json")


class TestSameImage:
    def test_again_is_200_and_stores_nothing(self, post: Post) -> None:
        first = post(title="one")
        again = post(title="two")
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert again["Location"] == first["Location"]
        assert Image.objects.count() == Blob.objects.count() == StoredObject.objects.count() == 1

    @pytest.mark.parametrize(
        "spelling",
        [
            "2026-11-21T09:00:00+01:00",
            "2026-11-21 08:00:00",
            "2026-11-21T08:00:00.000Z",
            1795248000,
        ],
    )
    def test_equal_instants_are_the_same(self, post: Post, spelling: object) -> None:
        post()
        assert post(timestamp=spelling).status_code == 200

    def test_other_bytes_conflict(self, post: Post, client: Client) -> None:
        post(png(1))
        response = post(png(2))
        assert response.status_code == 409
        assert stored_bytes(HREF, client) == png(1)
        assert Blob.objects.count() == StoredObject.objects.count() == 1, "nothing is left behind"

    def test_same_bytes_elsewhere_share_a_blob(self, post: Post) -> None:
        assert post(device="a").status_code == post(device="b").status_code == 201
        assert (Image.objects.count(), Blob.objects.count()) == (2, 1)

    def test_relative_time_again(self, post: Post) -> None:
        first = post(timestamp=0)
        again = post(timestamp=-30)
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["href"] == first.json()["href"]

    def test_relative_time_other_bytes(self, post: Post) -> None:
        assert post(png(1), timestamp=0).status_code == 201
        assert post(png(2), timestamp=-1).status_code == 201

    def test_relative_time_beyond_ten_minutes(self, post: Post) -> None:
        assert post(timestamp=0).status_code == 201
        assert post(timestamp=-700).status_code == 201


class TestBadInput:
    @pytest.mark.parametrize("missing", ["deviceId", "timestamp", "imageData"])
    def test_missing_field(self, client: Client, db: None, missing: str) -> None:
        fields = {"deviceId": "a", "timestamp": MOMENT, "imageData": "iVBORw0KGgo="}
        del fields[missing]
        response = client.post(URL, json.dumps(fields), content_type="application/json")
        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert [error["pointer"] for error in response.json()["errors"]] == [f"/{missing}"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("deviceId", ""),
            ("deviceId", True),
            ("deviceId", None),
            ("deviceId", ["a"]),
            ("deviceId", 1.5),
            ("deviceId", "x" * 101),
            ("deviceId", "\u0000"),
            ("deviceId", "a\nb"),
            ("timestamp", None),
            ("timestamp", "yesterday"),
            ("timestamp", 1),
            ("timestamp", True),
            ("imageData", "not base64!"),
            ("imageData", 5),
            ("title", "x" * 201),
            ("location", [91, 0]),
            ("location", "here"),
            ("meta", []),
            ("meta", {"x": "y" * 5000}),
            ("sha256", "00"),
        ],
    )
    def test_wrong_field(self, post: Post, field: str, value: object) -> None:
        response = post(**{"device" if field == "deviceId" else field: value})
        assert response.status_code == 400
        assert [error["pointer"] for error in response.json()["errors"]] == [f"/{field}"]
        assert Image.objects.count() == 0

    def test_wrong_digest(self, post: Post) -> None:
        response = post(sha256="0" * 64)
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "/sha256"

    @pytest.mark.parametrize(
        ("media_type", "body"),
        [
            ("application/json", b""),
            ("application/json", b"{"),
            ("application/json", b"[]"),
            ("application/json", b"\xff"),
            ("application/json", b"[" * 100_000),
            ("application/json", b'{"deviceId": ' + b"9" * 10_000 + b"}"),
            ("application/json", b'{"deviceId": "\\ud800", "timestamp": 0, "imageData": ""}'),
            ("application/cbor", b""),
            ("application/cbor", b"\x9f" * 1000),
            ("application/cbor", b"\xa1"),
            ("application/cbor", b"abc"),
            ("multipart/form-data; boundary=x", b"nothing"),
            ("multipart/form-data", b"nothing"),
        ],
    )
    def test_malformed_body(self, client: Client, db: None, media_type: str, body: bytes) -> None:
        response = client.generic("POST", URL, body, content_type=media_type)
        assert response.status_code == 400, response.content
        assert response.json()["status"] == 400

    @pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
    def test_other_types(self, client: Client, db: None, media_type: str) -> None:
        response = client.generic("POST", URL, b"x", content_type=media_type)
        assert response.status_code == 415
        assert "image/*" in response["Accept-Post"]

    @pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"\x89PNG\r\n\x1a\n"])
    def test_no_image(self, post: Post, data: bytes) -> None:
        response = post(data)
        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"] == "/imageData"

    @pytest.mark.parametrize("data", [png(), jpeg()])
    def test_truncated_image_names_the_byte(self, post: Post, data: bytes) -> None:
        response = post(data[:-20])
        assert response.status_code == 422
        assert str(len(data) - 20) in response.json()["detail"]

    def test_bomb(self, post: Post) -> None:
        header = png(size=(13000, 1))[:33].replace(
            (1).to_bytes(4, "big"), (13000).to_bytes(4, "big"), 1
        )
        assert post(header).status_code == 422

    def test_body_too_large(self, client: Client, db: None, settings: object) -> None:
        settings.COAPTURE_MAX_BODY = 100
        response = client.post(f"{URL}?d=a&t=0", b"x" * 101, content_type="image/png")
        assert response.status_code == 413
        assert response.json()["detail"] == "A body may have at most 100 bytes."

    def test_query_without_device(self, client: Client, db: None) -> None:
        response = client.post(f"{URL}?t=0", png(), content_type="image/png")
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "/deviceId"
